/* Connections: a table of slots that are used again, with their buffers. */
#ifndef KENAR_HTTPD_CONNECTION_H
#define KENAR_HTTPD_CONNECTION_H

#include "deadline.h"
#include "request.h"
#include "response.h"
#include "stream.h"

#include <netinet/in.h>
#include <stdint.h>

/* More connections than this cannot be asked for: a request's id is its number times this, plus the
 * slot. */
enum { CONNECTIONS_MAX = 65535, CONNECTION_SLOTS = 65536 };

struct server;

struct connection {
    struct server *server;
    struct MHD_Connection *mhd;
    int socket;
    unsigned slot;
    char remote_address[INET6_ADDRSTRLEN];

    enum phase phase;
    double since, deadline;             /* of the phase */
    struct connection *previous, *next; /* on the phase's list */

    struct request request;
    int64_t id; /* of the request that waits for its answer; 0 when there is none */
    struct connection *next_ready; /* while the request waits to be taken */
    bool taken;                    /* the caller has the request */
    bool suspended;                /* libmicrohttpd has put the connection aside */
    bool refused;                  /* answered before the whole request was read */
    bool aborted;                  /* to be closed instead of answered */
    struct response *response;     /* given by the caller, not yet queued */
    unsigned status;
    struct stream *stream; /* the answer, where its bytes come bit by bit */
};

struct connection_table {
    struct connection **slots; /* made when first used */
    unsigned *free_slots;
    unsigned free_count, limit;
    unsigned open;
};

/* False when memory is short. */
bool connection_table_init(struct connection_table *table, unsigned limit);

/* Free every slot; no connection may be open. */
void connection_table_free(struct connection_table *table);

/* A connection was accepted. NULL when memory is short. */
struct connection *connection_open(struct server *server, struct MHD_Connection *mhd);

/* libmicrohttpd is about to close the connection's socket. */
void connection_closed(struct connection *connection);

/* The connection whose request has this id, or NULL. */
struct connection *connection_find(const struct connection_table *table, int64_t id);

/* End a connection that libmicrohttpd holds: write what is left to say (may be NULL) and shut the
 * socket down. */
void connection_end(struct connection *connection, const char *last_words);

/* Reset the connection: what the client has not yet read is lost. */
void connection_reset(struct connection *connection);

/* Whether the client has sent anything since it connected. */
bool connection_heard(const struct connection *connection);

/* The connection that has been idle longest and from which nothing has arrived that is still to be
 * read; NULL when there is none. */
struct connection *connection_oldest_idle(const struct server *server);

#endif
