/* The server: one libmicrohttpd daemon without a thread, driven by its caller's loop. Pure C;
 * httpd.c is what Lua sees of it. */
#ifndef KENAR_HTTPD_SERVER_H
#define KENAR_HTTPD_SERVER_H

#include "connection.h"
#include "deadline.h"
#include "linger.h"
#include "stream.h"

#include <microhttpd.h>

struct server_options {
    const char *address; /* numeric */
    unsigned port;       /* 0: a free one */
    size_t max_body;     /* bytes */
    unsigned max_connections;
    double header_timeout, body_timeout, idle_timeout; /* seconds */
};

/* All zero is a closed server. */
struct server {
    bool opened;
    struct MHD_Daemon *daemon; /* NULL: closed */
    int poller; /* what the caller's loop watches: the daemon's epoll, `wake`, lingering sockets */
    int wake;   /* an eventfd */
    int listener; /* -1: not listening */
    unsigned port;
    size_t max_body;
    struct deadlines deadlines;
    struct lingering linger;
    struct streams streams;
    struct connection_table connections;
    struct draft draft; /* of the answer being made */
    struct response_cache cache;
    struct {
        struct connection *first, *last;
    } ready; /* requests that wait to be taken */
    int64_t requests;
    unsigned waiting;      /* complete requests that have no answer yet */
    bool woken;            /* `wake` has been written */
    bool listener_watched; /* by `poller`: at the limit, where the daemon does not */
    bool run_again;        /* something changed that the daemon notices only in its next run */
    bool stopping;
};

/* Start listening. False with a message when that fails. `server` must be all zero or closed, and
 * stay where it is. */
bool server_open(struct server *server, const struct server_options *options, char *message,
                 size_t size);

/* Do what there is to do, without waiting. Returns the seconds until it must be run again even if
 * the poller does not become readable; HUGE_VAL for never. Returns 0 when a request waits to be
 * taken. */
double server_run(struct server *server);

/* The next complete request, or NULL; it stays the next one until it is taken. */
static inline struct connection *server_next(const struct server *server)
{
    return server->ready.first;
}

/* The caller has the request of server_next. */
void server_take(struct server *server);

/* Answer a request. Takes the response over. False when the client is gone: its connection broke,
 * or it has closed (an answer is then still written, in case it closed only its sending side). */
bool server_respond(struct server *server, int64_t id, unsigned status, struct response *response);

/* Close the connection of a request instead of answering it; with `reset` the client sees the
 * connection break. False when it is gone already. */
bool server_abort(struct server *server, int64_t id, bool reset);

/* Answer a request with what server_write gives, until server_finish. The response is made of
 * `draft` and holds at most `limit` bytes that the client has not taken. STREAM_GONE as
 * server_respond gives false; STREAM_NO_MEMORY: the request can still be answered. */
enum stream_result { STREAM_OPEN, STREAM_GONE, STREAM_NO_MEMORY };
enum stream_result server_stream(struct server *server, int64_t id, unsigned status,
                                 const struct draft *draft, size_t limit);

/* The stream of a request, or NULL when it is over. */
struct stream *server_find_stream(const struct server *server, int64_t id);

/* How many answers were given that are not yet written whole. */
unsigned server_sending(const struct server *server);

/* Close the listening socket; open connections go on. */
void server_stop_listening(struct server *server);

/* Answer what waits with 503, close every connection and free everything. May be called again. */
void server_close(struct server *server);

/* For connection.c and exchange.c: put a complete request at the end of the queue, or take a
 * connection off it. */
void server_enqueue(struct server *server, struct connection *connection);
void server_forget(struct server *server, struct connection *connection);

/* For stream.c: let the daemon take a connection up again. False when its client has left. */
bool server_resume(struct server *server, struct connection *connection);

#endif
