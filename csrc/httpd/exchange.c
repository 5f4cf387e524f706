#include "exchange.h"

#include "server.h"

#include <string.h>
#include <sys/socket.h>

void *exchange_target(void *closure, const char *target, struct MHD_Connection *mhd)
{
    (void)closure;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *connection = info != NULL ? info->socket_context : NULL;
    if (connection == NULL || connection->phase == PHASE_ENDED)
        return NULL;
    deadline_enter(&connection->server->deadlines, connection, PHASE_HEADER);
    /* Without memory the target stays empty, and the request is refused when its header is
     * complete. */
    (void)request_start(&connection->request, target != NULL ? target : "");
    return connection;
}

size_t exchange_unescape(void *closure, struct MHD_Connection *mhd, char *text)
{
    (void)closure;
    (void)mhd;
    return strlen(text);
}

/* Answer without asking anybody, and end the connection. The bytes go straight to the socket:
 * half-way through a body the library takes no response, and after a large header it may have no
 * memory left for one. Nothing of ours is unsent at that point, for answers before this one have
 * been written whole; connection_closed sees to it that the client gets to read this one. */
static enum MHD_Result refuse(struct connection *connection, enum status status)
{
    const char *words = response_last_words(status);
    (void)!send(connection->socket, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT);
    connection->refused = true;
    return MHD_NO;
}

static enum MHD_Result take_header(struct connection *connection, const char *method,
                                   const char *version)
{
    struct server *server = connection->server;
    enum status status = request_take_header(&connection->request, connection->mhd, method, version,
                                             server->max_body);
    if (status != STATUS_NONE)
        return refuse(connection, status);
    deadline_enter(&server->deadlines, connection, PHASE_BODY);
    return MHD_YES;
}

static enum MHD_Result take_body(struct connection *connection, const char *bytes, size_t *count)
{
    struct server *server = connection->server;
    enum status status = request_take_body(&connection->request, bytes, *count, server->max_body);
    *count = 0;
    return status == STATUS_NONE ? MHD_YES : refuse(connection, status);
}

static enum MHD_Result answer(struct connection *connection)
{
    deadline_enter(&connection->server->deadlines, connection,
                   connection->stream != NULL ? PHASE_STREAM : PHASE_ANSWER);
    enum MHD_Result queued =
        MHD_queue_response(connection->mhd, connection->status, connection->response->mhd);
    response_drop(connection->response);
    connection->response = NULL;
    return queued;
}

static enum MHD_Result await_answer(struct connection *connection)
{
    if (connection->aborted)
        return MHD_NO;
    if (connection->response != NULL)
        return answer(connection);
    if (connection->server->stopping)
        return refuse(connection, STATUS_UNAVAILABLE);
    /* Not before the caller has had the request for a turn: most are answered at once, and to
     * suspend costs four system calls. */
    if (!connection->taken)
        return MHD_YES;
    connection->suspended = true;
    MHD_suspend_connection(connection->mhd);
    return MHD_YES;
}

enum MHD_Result exchange_handle(void *closure, struct MHD_Connection *mhd, const char *target,
                                const char *method, const char *version, const char *bytes,
                                size_t *count, void **context)
{
    struct connection *connection = *context;
    (void)closure;
    (void)mhd;
    (void)target;
    if (connection == NULL)
        return MHD_NO;
    switch (connection->phase) {
    case PHASE_HEADER:
        return take_header(connection, method, version);
    case PHASE_BODY:
        if (*count > 0)
            return take_body(connection, bytes, count);
        server_enqueue(connection->server, connection);
        return connection->server->stopping ? await_answer(connection) : MHD_YES;
    case PHASE_HANDLER:
        return await_answer(connection);
    default:
        return MHD_NO;
    }
}

void exchange_completed(void *closure, struct MHD_Connection *mhd, void **context,
                        enum MHD_RequestTerminationCode code)
{
    struct connection *connection = *context;
    (void)closure;
    (void)mhd;
    if (connection == NULL)
        return;
    *context = NULL;
    server_forget(connection->server, connection);
    /* After a failure the phase stays: it tells connection_closed how far the request had come. */
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK &&
        (connection->phase == PHASE_ANSWER || connection->phase == PHASE_STREAM))
        deadline_enter(&connection->server->deadlines, connection, PHASE_IDLE);
}

void exchange_connection(void *closure, struct MHD_Connection *mhd, void **context,
                         enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = connection_open(closure, mhd);
    } else if (*context != NULL) {
        connection_closed(*context);
        *context = NULL;
    }
}
