#include "server.h"

#include "exchange.h"
#include "listen_socket.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Turns of the daemon in one run: enough to read, answer and write; not so many that other work
 * waits long. */
enum { ROUNDS = 8 };

static bool start(struct kenar_server *server, const struct kenar_server_options *options)
{
    server->connections = (struct kenar_connection_table){.daemon = &server->daemon,
                                                          .deadlines = &server->deadlines,
                                                          .streams = &server->streams,
                                                          .linger = &server->linger,
                                                          .max_body = options->max_body};
    return kenar_connection_table_init(&server->connections, options->max_connections) &&
           kenar_daemon_open(&server->daemon) &&
           kenar_exchange_start(&server->connections, server->listener);
}

bool kenar_server_open(struct kenar_server *server, const struct kenar_server_options *options,
                       char *message, size_t size)
{
    *server =
        (struct kenar_server){.opened = true, .listener = -1, .daemon = {.poller = -1, .wake = -1}};
    server->listener =
        kenar_listen_socket_open(options->address, options->port, &server->port, message, size);
    if (server->listener < 0) {
        kenar_server_close(server);
        return false;
    }
    kenar_deadlines_init(&server->deadlines, options->header_timeout, options->body_timeout,
                         options->idle_timeout);
    errno = 0;
    if (!start(server, options)) {
        snprintf(message, size, "cannot serve %s port %u: %s", options->address, server->port,
                 errno != 0 ? strerror(errno) : "libmicrohttpd did not start");
        kenar_server_close(server);
        return false;
    }
    kenar_linger_init(&server->linger, server->daemon.poller, options->body_timeout);
    return true;
}

/* Requests */

struct kenar_connection *kenar_server_next(const struct kenar_server *server)
{
    return kenar_connection_of_peer(server->daemon.ready.first);
}

void kenar_server_take(struct kenar_server *server)
{
    struct kenar_connection *connection = kenar_server_next(server);
    kenar_daemon_take(&server->daemon);
    kenar_request_trim(&connection->request);
}

/* Turns */

static void end_expired(struct kenar_server *server)
{
    struct kenar_deadline *expired;
    while ((expired = kenar_deadline_expired(&server->deadlines)) != NULL) {
        struct kenar_connection *connection = kenar_connection_of_deadline(expired);
        bool request_begun =
            expired->phase == KENAR_PHASE_HEADER || expired->phase == KENAR_PHASE_BODY ||
            (expired->phase == KENAR_PHASE_NEW && kenar_connection_heard(connection));
        kenar_connection_end(
            connection, request_begun ? kenar_response_last_words(KENAR_STATUS_TIMEOUT) : NULL);
    }
}

static bool newcomer_waits(const struct kenar_server *server)
{
    struct pollfd listener = {.fd = server->listener, .events = POLLIN};
    return poll(&listener, 1, 0) > 0;
}

static void watch_listener(struct kenar_server *server, bool wanted)
{
    if (wanted == server->listener_watched)
        return;
    if (wanted)
        server->listener_watched = kenar_daemon_watch(&server->daemon, server->listener);
    else
        server->listener_watched =
            epoll_ctl(server->daemon.poller, EPOLL_CTL_DEL, server->listener, NULL) != 0;
}

/* At its limit the daemon does not look at the listening socket any more: we do, as long as there
 * is somebody idle who can make room. */
static void make_room(struct kenar_server *server)
{
    bool full = server->connections.open == server->connections.limit && server->listener >= 0 &&
                server->deadlines.list[KENAR_PHASE_ENDED].first == NULL;
    struct kenar_connection *idle =
        full ? kenar_connection_oldest_idle(&server->connections) : NULL;
    if (idle != NULL && newcomer_waits(server)) {
        kenar_connection_end(idle, NULL);
        idle = NULL;
    }
    watch_listener(server, idle != NULL);
}

double kenar_server_run(struct kenar_server *server)
{
    struct kenar_daemon *daemon = &server->daemon;
    if (daemon->mhd == NULL)
        return HUGE_VAL;
    kenar_daemon_clear_wake(daemon);
    kenar_deadlines_tick(&server->deadlines);
    kenar_linger_run(&server->linger, server->deadlines.now);
    kenar_streams_run(&server->streams);
    bool pending = true;
    for (int round = 0; round < ROUNDS && pending; round++) {
        daemon->run_again = false;
        MHD_run(daemon->mhd);
        end_expired(server);
        make_room(server);
        if (daemon->ready.first != NULL)
            return 0;
        pending = daemon->run_again || kenar_daemon_pending(daemon);
    }
    if (pending)
        return 0;
    double deadline = kenar_deadline_wait(&server->deadlines);
    double linger = kenar_linger_wait(&server->linger, server->deadlines.now);
    return deadline < linger ? deadline : linger;
}

/* Answers */

/* The connection whose request is answered now, or NULL. */
static struct kenar_connection *settle(struct kenar_server *server, int64_t id)
{
    struct kenar_connection *connection = kenar_connection_find(&server->connections, id);
    if (connection == NULL || !connection->peer.taken || connection->stream != NULL)
        return NULL;
    kenar_daemon_forget(&connection->peer);
    return connection;
}

bool kenar_server_respond(struct kenar_server *server, int64_t id, unsigned status,
                          struct kenar_response *response)
{
    struct kenar_connection *connection = settle(server, id);
    if (connection == NULL) {
        kenar_response_drop(response);
        return false;
    }
    connection->status = status;
    connection->response = response;
    return kenar_daemon_resume(&connection->peer);
}

enum kenar_stream_result kenar_server_stream(struct kenar_server *server, int64_t id,
                                             unsigned status, const struct kenar_draft *draft,
                                             size_t limit)
{
    struct kenar_connection *connection = kenar_connection_find(&server->connections, id);
    if (connection == NULL || !connection->peer.taken || connection->stream != NULL)
        return KENAR_STREAM_GONE;
    struct kenar_stream *stream = kenar_stream_open(&server->streams, &connection->peer, limit);
    if (stream == NULL)
        return KENAR_STREAM_NO_MEMORY;
    struct kenar_response *response = kenar_response_make_stream(draft, stream);
    if (response == NULL) {
        kenar_stream_discard(&server->streams, stream);
        return KENAR_STREAM_NO_MEMORY;
    }
    server->daemon.waiting--;
    connection->stream = stream;
    connection->status = status;
    connection->response = response;
    return kenar_daemon_resume(&connection->peer) ? KENAR_STREAM_OPEN : KENAR_STREAM_GONE;
}

struct kenar_stream *kenar_server_find_stream(const struct kenar_server *server, int64_t id)
{
    const struct kenar_connection *connection = kenar_connection_find(&server->connections, id);
    return connection != NULL ? connection->stream : NULL;
}

bool kenar_server_abort(struct kenar_server *server, int64_t id, bool reset)
{
    struct kenar_connection *connection = settle(server, id);
    if (connection == NULL)
        return false;
    connection->aborted = true;
    bool present = kenar_daemon_resume(&connection->peer);
    if (reset)
        kenar_connection_reset(connection);
    return present;
}

unsigned kenar_server_sending(const struct kenar_server *server)
{
    unsigned sending = 0;
    struct kenar_deadline *at = server->deadlines.list[KENAR_PHASE_HANDLER].first;
    for (; at != NULL; at = at->next)
        sending += kenar_connection_of_deadline(at)->response != NULL;
    for (at = server->deadlines.list[KENAR_PHASE_ANSWER].first; at != NULL; at = at->next)
        sending++;
    return sending;
}

/* The end */

void kenar_server_stop_listening(struct kenar_server *server)
{
    if (server->listener < 0)
        return;
    watch_listener(server, false);
    if (server->daemon.mhd != NULL)
        (void)MHD_quiesce_daemon(server->daemon.mhd);
    close(server->listener);
    server->listener = -1;
}

/* The library aborts the process when it meets a suspended connection. */
static void resume_all(const struct kenar_deadline_list *list)
{
    for (struct kenar_deadline *at = list->first; at != NULL; at = at->next)
        (void)kenar_daemon_resume(&kenar_connection_of_deadline(at)->peer);
}

void kenar_server_close(struct kenar_server *server)
{
    if (!server->opened)
        return;
    server->opened = false;
    kenar_server_stop_listening(server);
    server->daemon.stopping = true;
    if (server->daemon.mhd != NULL) {
        resume_all(&server->deadlines.list[KENAR_PHASE_HANDLER]);
        resume_all(&server->deadlines.list[KENAR_PHASE_STREAM]);
        kenar_daemon_stop(&server->daemon);
    }
    kenar_linger_close(&server->linger);
    kenar_streams_close(&server->streams);
    kenar_daemon_close(&server->daemon);
    kenar_connection_table_free(&server->connections);
    kenar_response_cache_free(&server->cache);
    kenar_draft_free(&server->draft);
}
