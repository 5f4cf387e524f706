#include "server.h"

#include "exchange.h"
#include "listen_socket.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Turns of the daemon in one run: enough to read, answer and write; not so many that other work
 * waits long. */
enum { ROUNDS = 8, CLOSING_ROUNDS = 64 };

static bool watch(const struct server *server, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(server->poller, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

static struct MHD_Daemon *start_daemon(struct server *server, unsigned limit)
{
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, server->listener, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)limit, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)exchange_connection, server},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)exchange_target, server},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)exchange_unescape, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_completed, server},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                            exchange_handle, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static bool start(struct server *server, const struct server_options *options)
{
    if (!connection_table_init(&server->connections, options->max_connections))
        return false;
    server->poller = epoll_create1(EPOLL_CLOEXEC);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->poller < 0 || server->wake < 0)
        return false;
    server->daemon = start_daemon(server, options->max_connections);
    if (server->daemon == NULL)
        return false;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info != NULL && watch(server, info->epoll_fd) && watch(server, server->wake);
}

bool server_open(struct server *server, const struct server_options *options, char *message,
                 size_t size)
{
    *server = (struct server){
        .opened = true, .poller = -1, .wake = -1, .listener = -1, .max_body = options->max_body};
    server->listener =
        listen_socket_open(options->address, options->port, &server->port, message, size);
    if (server->listener < 0) {
        server_close(server);
        return false;
    }
    deadlines_init(&server->deadlines, options->header_timeout, options->body_timeout,
                   options->idle_timeout);
    errno = 0;
    if (!start(server, options)) {
        snprintf(message, size, "cannot serve %s port %u: %s", options->address, server->port,
                 errno != 0 ? strerror(errno) : "libmicrohttpd did not start");
        server_close(server);
        return false;
    }
    linger_init(&server->linger, server->poller, options->body_timeout);
    return true;
}

/* Queue of complete requests */

void server_enqueue(struct server *server, struct connection *connection)
{
    deadline_enter(&server->deadlines, connection, PHASE_HANDLER);
    connection->id = ++server->requests * CONNECTION_SLOTS + connection->slot;
    connection->taken = false;
    connection->next_ready = NULL;
    if (server->ready.last != NULL)
        server->ready.last->next_ready = connection;
    else
        server->ready.first = connection;
    server->ready.last = connection;
    server->waiting++;
}

void server_take(struct server *server)
{
    struct connection *connection = server->ready.first;
    server->ready.first = connection->next_ready;
    if (server->ready.first == NULL)
        server->ready.last = NULL;
    connection->taken = true;
    request_trim(&connection->request);
}

static void dequeue(struct server *server, const struct connection *connection)
{
    struct connection *before = NULL, *at = server->ready.first;
    while (at != connection) {
        before = at;
        at = at->next_ready;
    }
    *(before != NULL ? &before->next_ready : &server->ready.first) = at->next_ready;
    if (server->ready.last == at)
        server->ready.last = before;
}

void server_forget(struct server *server, struct connection *connection)
{
    if (connection->stream != NULL) {
        stream_over(server, connection->stream);
        connection->id = 0;
    } else if (connection->id != 0) {
        if (!connection->taken)
            dequeue(server, connection);
        connection->id = 0;
        server->waiting--;
    }
    if (connection->response != NULL) {
        response_drop(connection->response);
        connection->response = NULL;
    }
    request_trim(&connection->request);
}

/* Turns */

static void end_expired(struct server *server)
{
    struct connection *connection;
    while ((connection = deadline_expired(&server->deadlines)) != NULL) {
        bool request_begun = connection->phase == PHASE_HEADER || connection->phase == PHASE_BODY ||
                             (connection->phase == PHASE_NEW && connection_heard(connection));
        connection_end(connection, request_begun ? response_last_words(STATUS_TIMEOUT) : NULL);
    }
}

static bool newcomer_waits(const struct server *server)
{
    struct pollfd listener = {.fd = server->listener, .events = POLLIN};
    return poll(&listener, 1, 0) > 0;
}

static void watch_listener(struct server *server, bool wanted)
{
    if (wanted == server->listener_watched)
        return;
    if (wanted)
        server->listener_watched = watch(server, server->listener);
    else
        server->listener_watched =
            epoll_ctl(server->poller, EPOLL_CTL_DEL, server->listener, NULL) != 0;
}

/* At its limit the daemon does not look at the listening socket any more: we do, as long as there
 * is somebody idle who can make room. */
static void make_room(struct server *server)
{
    bool full = server->connections.open == server->connections.limit && server->listener >= 0 &&
                server->deadlines.list[PHASE_ENDED].first == NULL;
    struct connection *idle = full ? connection_oldest_idle(server) : NULL;
    if (idle != NULL && newcomer_waits(server)) {
        connection_end(idle, NULL);
        idle = NULL;
    }
    watch_listener(server, idle != NULL);
}

static bool daemon_pending(const struct server *server)
{
    MHD_UNSIGNED_LONG_LONG wait;
    return MHD_get_timeout(server->daemon, &wait) == MHD_YES && wait == 0;
}

double server_run(struct server *server)
{
    if (server->daemon == NULL)
        return HUGE_VAL;
    if (server->woken) {
        eventfd_t count;
        (void)eventfd_read(server->wake, &count);
        server->woken = false;
    }
    deadlines_tick(&server->deadlines);
    linger_run(&server->linger, server->deadlines.now);
    streams_run(server);
    bool pending = true;
    for (int round = 0; round < ROUNDS && pending; round++) {
        server->run_again = false;
        MHD_run(server->daemon);
        end_expired(server);
        make_room(server);
        if (server->ready.first != NULL)
            return 0;
        pending = server->run_again || daemon_pending(server);
    }
    if (pending)
        return 0;
    double deadline = deadline_wait(&server->deadlines);
    double linger = linger_wait(&server->linger, server->deadlines.now);
    return deadline < linger ? deadline : linger;
}

static bool client_left(const struct connection *connection)
{
    char byte;
    ssize_t count = recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/* The connection whose request is answered now, or NULL. */
static struct connection *settle(struct server *server, int64_t id)
{
    struct connection *connection = connection_find(&server->connections, id);
    if (connection == NULL || !connection->taken || connection->stream != NULL)
        return NULL;
    connection->id = 0;
    server->waiting--;
    return connection;
}

bool server_resume(struct server *server, struct connection *connection)
{
    if (!connection->suspended)
        return true; /* the last run returned 0: the next one is due, and answers */
    bool left = client_left(connection);
    connection->suspended = false;
    MHD_resume_connection(connection->mhd);
    /* To resume wakes nobody by itself. */
    if (!server->woken)
        server->woken = eventfd_write(server->wake, 1) == 0;
    return !left;
}

bool server_respond(struct server *server, int64_t id, unsigned status, struct response *response)
{
    struct connection *connection = settle(server, id);
    if (connection == NULL) {
        response_drop(response);
        return false;
    }
    connection->status = status;
    connection->response = response;
    return server_resume(server, connection);
}

enum stream_result server_stream(struct server *server, int64_t id, unsigned status,
                                 const struct draft *draft, size_t limit)
{
    struct connection *connection = connection_find(&server->connections, id);
    if (connection == NULL || !connection->taken || connection->stream != NULL)
        return STREAM_GONE;
    struct stream *stream = stream_open(server, connection, limit);
    if (stream == NULL)
        return STREAM_NO_MEMORY;
    struct response *response = response_make_stream(draft, stream);
    if (response == NULL) {
        stream_discard(server, stream);
        return STREAM_NO_MEMORY;
    }
    server->waiting--;
    connection->status = status;
    connection->response = response;
    return server_resume(server, connection) ? STREAM_OPEN : STREAM_GONE;
}

struct stream *server_find_stream(const struct server *server, int64_t id)
{
    const struct connection *connection = connection_find(&server->connections, id);
    return connection != NULL ? connection->stream : NULL;
}

bool server_abort(struct server *server, int64_t id, bool reset)
{
    struct connection *connection = settle(server, id);
    if (connection == NULL)
        return false;
    connection->aborted = true;
    bool present = server_resume(server, connection);
    if (reset)
        connection_reset(connection);
    return present;
}

unsigned server_sending(const struct server *server)
{
    unsigned sending = 0;
    const struct connection *at = server->deadlines.list[PHASE_HANDLER].first;
    for (; at != NULL; at = at->next)
        sending += at->response != NULL;
    for (at = server->deadlines.list[PHASE_ANSWER].first; at != NULL; at = at->next)
        sending++;
    return sending;
}

/* The end */

void server_stop_listening(struct server *server)
{
    if (server->listener < 0)
        return;
    watch_listener(server, false);
    if (server->daemon != NULL)
        (void)MHD_quiesce_daemon(server->daemon);
    close(server->listener);
    server->listener = -1;
}

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

/* The library aborts the process when it meets a suspended connection. */
static void resume_all(const struct deadline_list *list)
{
    for (struct connection *at = list->first; at != NULL; at = at->next) {
        if (at->suspended) {
            at->suspended = false;
            MHD_resume_connection(at->mhd);
        }
    }
}

static void stop_daemon(struct server *server)
{
    resume_all(&server->deadlines.list[PHASE_HANDLER]);
    resume_all(&server->deadlines.list[PHASE_STREAM]);
    bool pending = true;
    for (int round = 0; round < CLOSING_ROUNDS && pending; round++) {
        MHD_run(server->daemon);
        pending = daemon_pending(server) || round == 0;
    }
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}

void server_close(struct server *server)
{
    if (!server->opened)
        return;
    server->opened = false;
    server_stop_listening(server);
    server->stopping = true;
    if (server->daemon != NULL)
        stop_daemon(server);
    linger_close(&server->linger);
    streams_close(&server->streams);
    close_descriptor(&server->wake);
    close_descriptor(&server->poller);
    connection_table_free(&server->connections);
    response_cache_free(&server->cache);
    draft_free(&server->draft);
}
