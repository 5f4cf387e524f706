/* Connections: a table of slots that are used again, with their buffers. */
#ifndef KENAR_HTTPD_CONNECTION_H
#define KENAR_HTTPD_CONNECTION_H

#include "daemon.h"
#include "deadline.h"
#include "linger.h"
#include "request.h"
#include "response.h"
#include "stream.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct kenar_connection_table;

struct kenar_connection {
    struct kenar_connection_table *table;
    struct kenar_peer peer;
    struct kenar_deadline deadline;
    char remote_address[INET6_ADDRSTRLEN];

    struct kenar_request request;
    bool refused;                    /* answered before the whole request was read */
    bool aborted;                    /* to be closed instead of answered */
    struct kenar_response *response; /* given by the caller, not yet queued */
    unsigned status;
    struct kenar_stream *stream; /* the answer, if its bytes come bit by bit */
};

/* The connections of one server, and the parts of the server that they use. */
struct kenar_connection_table {
    struct kenar_daemon *daemon;
    struct kenar_deadlines *deadlines;
    struct kenar_streams *streams;
    struct kenar_lingering *linger;
    size_t max_body;                 /* of each request */
    struct kenar_connection **slots; /* made when first used */
    unsigned *free_slots;
    unsigned free_count, limit;
    unsigned open;
};

/* The connection that a peer or a deadline is part of; NULL for NULL. */
struct kenar_connection *kenar_connection_of_peer(struct kenar_peer *peer);
struct kenar_connection *kenar_connection_of_deadline(struct kenar_deadline *deadline);

/* Make room for `limit` connections. False when memory is short. */
bool kenar_connection_table_init(struct kenar_connection_table *table, unsigned limit);

/* Free every slot; no connection may be open. */
void kenar_connection_table_free(struct kenar_connection_table *table);

/* A connection was accepted. NULL when memory is short. */
struct kenar_connection *kenar_connection_open(struct kenar_connection_table *table,
                                               struct MHD_Connection *mhd);

/* libmicrohttpd is about to close the connection's socket. */
void kenar_connection_closed(struct kenar_connection *connection);

/* Move a connection to another phase. */
void kenar_connection_enter(struct kenar_connection *connection, enum kenar_phase phase);

/* Its request is over, answered or not: take it off the queue and let go of its answer. */
void kenar_connection_forget(struct kenar_connection *connection);

/* The connection whose request has this id, or NULL. */
struct kenar_connection *kenar_connection_find(const struct kenar_connection_table *table,
                                               int64_t id);

/* End a connection that libmicrohttpd holds: write what is left to say (may be NULL) and shut the
 * socket down. */
void kenar_connection_end(struct kenar_connection *connection, const char *last_words);

/* Reset the connection: what the client has not yet read is lost. */
void kenar_connection_reset(struct kenar_connection *connection);

/* Whether the client has sent anything since it connected. */
bool kenar_connection_heard(const struct kenar_connection *connection);

/* The connection that has been idle longest and from which nothing has arrived that is still to be
 * read; NULL when there is none. */
struct kenar_connection *kenar_connection_oldest_idle(const struct kenar_connection_table *table);

#endif
