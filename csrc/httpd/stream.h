/* Answers without a known length: their bytes come from the caller bit by bit, for as long as the
 * client stays. What the client has not yet taken waits in a bounded queue. */
#ifndef KENAR_HTTPD_STREAM_H
#define KENAR_HTTPD_STREAM_H

#include "daemon.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kenar_stream {
    int64_t id;              /* of the request that it answers */
    struct kenar_peer *peer; /* NULL: over */
    char *bytes;             /* `length` of them, from `start` on */
    size_t start, length, capacity, limit;
    bool finished; /* the caller has no more */
    bool left;     /* the client has closed */
    struct kenar_stream *next;
};

/* All zero where there has been no stream yet. */
struct kenar_streams {
    bool opened;
    int poller; /* an epoll descriptor; readable when the client of a stream has closed */
    struct kenar_stream *first, *last; /* those that are over, until the caller has been told */
};

/* A stream for a connection whose request has been taken; NULL when memory or descriptors are
 * short. At most `limit` bytes wait at a time. */
struct kenar_stream *kenar_stream_open(struct kenar_streams *streams, struct kenar_peer *peer,
                                       size_t limit);

/* libmicrohttpd asks for the next bytes; the closure is the stream. */
ssize_t kenar_stream_read(void *closure, uint64_t position, char *room, size_t size);

/* Put bytes at the end of the queue. False when there is no room for all of them: none is put. */
bool kenar_stream_write(struct kenar_stream *stream, const char *bytes, size_t count);

/* What is in the queue is still sent, then the answer ends. */
void kenar_stream_finish(struct kenar_stream *stream);

/* Free a stream that has not begun. */
void kenar_stream_discard(struct kenar_streams *streams, struct kenar_stream *stream);

/* The connection is done with its stream: the caller is to be told. */
void kenar_stream_over(struct kenar_streams *streams, struct kenar_stream *stream);

/* Notice who has closed. */
void kenar_streams_run(struct kenar_streams *streams);

/* The id of a stream that is over and that the caller has not been told of; 0 when there is none.
 */
int64_t kenar_streams_take_over(struct kenar_streams *streams);

void kenar_streams_close(struct kenar_streams *streams);

#endif
