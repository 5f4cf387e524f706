/* Answers without a known length: their bytes come from the caller bit by bit, for as long as the
 * client stays. What the client has not yet taken waits in a bounded queue. */
#ifndef KENAR_HTTPD_STREAM_H
#define KENAR_HTTPD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct connection;
struct server;

struct stream {
    int64_t id;                    /* of the request that it answers */
    struct connection *connection; /* NULL: over */
    char *bytes;                   /* `length` of them, from `start` on */
    size_t start, length, capacity, limit;
    bool finished; /* the caller has no more */
    bool left;     /* the client has closed */
    struct stream *next;
};

/* All zero where there has been no stream yet. */
struct streams {
    bool opened;
    int poller; /* an epoll descriptor; readable when the client of a stream has closed */
    struct stream *first, *last; /* those that are over, until the caller has been told */
};

/* A stream for a connection whose request has been taken; NULL when memory or descriptors are
 * short. At most `limit` bytes wait at a time. */
struct stream *stream_open(struct server *server, struct connection *connection, size_t limit);

/* libmicrohttpd asks for the next bytes; the closure is the stream. */
ssize_t stream_read(void *closure, uint64_t position, char *room, size_t size);

/* Put bytes at the end of the queue. False when there is no room for all of them: none is put. */
bool stream_write(struct server *server, struct stream *stream, const char *bytes, size_t count);

/* What is in the queue is still sent, then the answer ends. */
void stream_finish(struct server *server, struct stream *stream);

/* Free a stream that has not begun. */
void stream_discard(struct server *server, struct stream *stream);

/* The connection is done with its stream: the caller is to be told. */
void stream_over(struct server *server, struct stream *stream);

/* Notice who has closed. */
void streams_run(struct server *server);

/* The id of a stream that is over and that the caller has not been told of; 0 when there is none.
 */
int64_t streams_take_over(struct streams *streams);

void streams_close(struct streams *streams);

#endif
