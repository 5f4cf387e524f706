#include "exchange.h"

#include <string.h>
#include <sys/socket.h>

/* MHD_OPTION_URI_LOG_CALLBACK: a request line has arrived. */
static void *take_target(void *closure, const char *target, struct MHD_Connection *mhd)
{
    (void)closure;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct kenar_connection *connection = info != NULL ? info->socket_context : NULL;
    if (connection == NULL || connection->deadline.phase == KENAR_PHASE_ENDED)
        return NULL;
    kenar_connection_enter(connection, KENAR_PHASE_HEADER);
    /* Without memory the target stays empty, and the request is refused when its header is
     * complete. */
    (void)kenar_request_start(&connection->request, target != NULL ? target : "");
    return connection;
}

/* MHD_OPTION_UNESCAPE_CALLBACK: leaves the target as it was sent. */
static size_t leave_escaped(void *closure, struct MHD_Connection *mhd, char *text)
{
    (void)closure;
    (void)mhd;
    return strlen(text);
}

/* Answer without asking anybody, and end the connection. The bytes go straight to the socket:
 * half-way through a body the library takes no response, and after a large header it may have no
 * memory left for one. Nothing of ours is unsent at that point, for answers before this one have
 * been written whole; kenar_connection_closed sees to it that the client gets to read this one. */
static enum MHD_Result refuse(struct kenar_connection *connection, enum kenar_status status)
{
    const char *words = kenar_response_last_words(status);
    (void)!send(connection->peer.socket, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT);
    connection->refused = true;
    return MHD_NO;
}

static enum MHD_Result take_header(struct kenar_connection *connection, const char *method,
                                   const char *version)
{
    enum kenar_status status = kenar_request_take_header(
        &connection->request, connection->peer.mhd, method, version, connection->table->max_body);
    if (status != KENAR_STATUS_NONE)
        return refuse(connection, status);
    kenar_connection_enter(connection, KENAR_PHASE_BODY);
    return MHD_YES;
}

static enum MHD_Result take_body(struct kenar_connection *connection, const char *bytes,
                                 size_t *count)
{
    enum kenar_status status =
        kenar_request_take_body(&connection->request, bytes, *count, connection->table->max_body);
    *count = 0;
    return status == KENAR_STATUS_NONE ? MHD_YES : refuse(connection, status);
}

static enum MHD_Result answer(struct kenar_connection *connection)
{
    kenar_connection_enter(connection,
                           connection->stream != NULL ? KENAR_PHASE_STREAM : KENAR_PHASE_ANSWER);
    enum MHD_Result queued =
        MHD_queue_response(connection->peer.mhd, connection->status, connection->response->mhd);
    kenar_response_drop(connection->response);
    connection->response = NULL;
    return queued;
}

static enum MHD_Result await_answer(struct kenar_connection *connection)
{
    if (connection->aborted)
        return MHD_NO;
    if (connection->response != NULL)
        return answer(connection);
    if (connection->table->daemon->stopping)
        return refuse(connection, KENAR_STATUS_UNAVAILABLE);
    /* Not before the caller has had the request for a turn: most are answered at once, and to
     * suspend costs four system calls. */
    if (!connection->peer.taken)
        return MHD_YES;
    kenar_daemon_suspend(&connection->peer);
    return MHD_YES;
}

/* What libmicrohttpd brings with a call of the access handler. */
struct arrival {
    const char *method, *version;
    const char *bytes; /* of the body */
    size_t *count;     /* how many; then how many of them were left */
};

static enum MHD_Result advance(struct kenar_connection *connection, const struct arrival *arrival)
{
    switch (connection->deadline.phase) {
    case KENAR_PHASE_HEADER:
        return take_header(connection, arrival->method, arrival->version);
    case KENAR_PHASE_BODY:
        if (*arrival->count > 0)
            return take_body(connection, arrival->bytes, arrival->count);
        kenar_connection_enter(connection, KENAR_PHASE_HANDLER);
        kenar_daemon_enqueue(&connection->peer);
        return connection->table->daemon->stopping ? await_answer(connection) : MHD_YES;
    case KENAR_PHASE_HANDLER:
        return await_answer(connection);
    default:
        return MHD_NO;
    }
}

/* Called when the header is complete, for each piece of the body, when the request is complete, and
 * again each turn until there is an answer. The library sets the parameters. */
static enum MHD_Result access_handler(void *closure, struct MHD_Connection *mhd, const char *target,
                                      const char *method, const char *version, const char *bytes,
                                      size_t *count, void **context)
{
    struct arrival arrival = {.method = method, .version = version, .bytes = bytes, .count = count};
    (void)closure;
    (void)mhd;
    (void)target;
    return *context != NULL ? advance(*context, &arrival) : MHD_NO;
}

/* MHD_OPTION_NOTIFY_COMPLETED: the exchange is over, well or not. */
static void complete(void *closure, struct MHD_Connection *mhd, void **context,
                     enum MHD_RequestTerminationCode code)
{
    struct kenar_connection *connection = *context;
    (void)closure;
    (void)mhd;
    if (connection == NULL)
        return;
    *context = NULL;
    kenar_connection_forget(connection);
    /* After a failure the phase stays: it tells kenar_connection_closed how far the request had
     * come. */
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK &&
        (connection->deadline.phase == KENAR_PHASE_ANSWER ||
         connection->deadline.phase == KENAR_PHASE_STREAM))
        kenar_connection_enter(connection, KENAR_PHASE_IDLE);
}

/* MHD_OPTION_NOTIFY_CONNECTION: a connection was accepted or is about to be closed. */
static void open_or_close(void *closure, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = kenar_connection_open(closure, mhd);
    } else if (*context != NULL) {
        kenar_connection_closed(*context);
        *context = NULL;
    }
}

bool kenar_exchange_start(struct kenar_connection_table *connections, int listener)
{
    struct kenar_daemon *daemon = connections->daemon;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, listener, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)connections->limit, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, KENAR_CONNECTION_MEMORY, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)open_or_close, connections},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)take_target, NULL},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)complete, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    daemon->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                                   access_handler, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (daemon->mhd == NULL)
        return false;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    return info != NULL && kenar_daemon_watch(daemon, info->epoll_fd);
}
