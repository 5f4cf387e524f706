/* The server: one libmicrohttpd daemon without a thread, driven by its caller's loop. Pure C;
 * server_lua.c is what Lua sees of it. */
#ifndef KENAR_HTTPD_SERVER_H
#define KENAR_HTTPD_SERVER_H

#include "connection.h"
#include "options.h"

/* All zero is a closed server. */
struct kenar_server {
    bool opened;
    int listener; /* -1: not listening */
    unsigned port;
    bool listener_watched; /* by the daemon's poller: at the limit, when libmicrohttpd does not */
    struct kenar_daemon daemon;
    struct kenar_deadlines deadlines;
    struct kenar_lingering linger;
    struct kenar_streams streams;
    struct kenar_connection_table connections;
    struct kenar_draft draft; /* of the answer being made */
    struct kenar_response_cache cache;
};

/* Start listening. False with a message when that fails. `server` must be all zero or closed, and
 * stay where it is. */
bool kenar_server_open(struct kenar_server *server, const struct kenar_server_options *options,
                       char *message, size_t size);

/* Do what there is to do, without waiting. Returns the seconds until it must be run again even if
 * the poller does not become readable; HUGE_VAL for never. Returns 0 when a request waits to be
 * taken. */
double kenar_server_run(struct kenar_server *server);

/* The next complete request, or NULL; it stays the next one until it is taken. */
struct kenar_connection *kenar_server_next(const struct kenar_server *server);

/* The caller has the request of kenar_server_next. */
void kenar_server_take(struct kenar_server *server);

/* Answer a request. Takes the response over. False when the client is gone: its connection broke,
 * or it has closed (an answer is then still written, in case it closed only its sending side). */
bool kenar_server_respond(struct kenar_server *server, int64_t id, unsigned status,
                          struct kenar_response *response);

/* Close the connection of a request instead of answering it; with `reset` the client sees the
 * connection break. False when it is gone already. */
bool kenar_server_abort(struct kenar_server *server, int64_t id, bool reset);

/* Answer a request with what kenar_stream_write gives, until kenar_stream_finish. The response is
 * made of `draft` and holds at most `limit` bytes that the client has not taken. KENAR_STREAM_GONE
 * as kenar_server_respond gives false; KENAR_STREAM_NO_MEMORY: the request can still be answered.
 */
enum kenar_stream_result { KENAR_STREAM_OPEN, KENAR_STREAM_GONE, KENAR_STREAM_NO_MEMORY };
enum kenar_stream_result kenar_server_stream(struct kenar_server *server, int64_t id,
                                             unsigned status, const struct kenar_draft *draft,
                                             size_t limit);

/* The stream of a request, or NULL when it is over. */
struct kenar_stream *kenar_server_find_stream(const struct kenar_server *server, int64_t id);

/* How many answers were given that are not yet written whole. */
unsigned kenar_server_sending(const struct kenar_server *server);

/* Close the listening socket; open connections go on. */
void kenar_server_stop_listening(struct kenar_server *server);

/* Answer what waits with 503, close every connection and free everything. May be called again. */
void kenar_server_close(struct kenar_server *server);

#endif
