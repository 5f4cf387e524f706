#include "stream.h"

#include "server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { FIRST_BYTES = 4096, EVENTS = 16 };

static bool open_poller(struct server *server)
{
    struct streams *streams = &server->streams;
    if (streams->opened)
        return true;
    streams->poller = epoll_create1(EPOLL_CLOEXEC);
    if (streams->poller < 0)
        return false;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = streams->poller};
    streams->opened = epoll_ctl(server->poller, EPOLL_CTL_ADD, streams->poller, &event) == 0;
    if (!streams->opened)
        close(streams->poller);
    return streams->opened;
}

struct stream *stream_open(struct server *server, struct connection *connection, size_t limit)
{
    struct stream *stream = open_poller(server) ? malloc(sizeof(*stream)) : NULL;
    if (stream == NULL)
        return NULL;
    *stream = (struct stream){.id = connection->id, .connection = connection, .limit = limit};
    /* While it waits for bytes the daemon does not look at the connection. */
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = stream};
    if (epoll_ctl(server->streams.poller, EPOLL_CTL_ADD, connection->socket, &event) != 0) {
        free(stream);
        return NULL;
    }
    connection->stream = stream;
    return stream;
}

ssize_t stream_read(void *closure, uint64_t position, char *room, size_t size)
{
    struct stream *stream = closure;
    struct connection *connection = stream->connection;
    (void)position;
    if (connection == NULL || stream->left)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (stream->length == 0) {
        if (stream->finished || connection->server->stopping)
            return MHD_CONTENT_READER_END_OF_STREAM;
        connection->suspended = true;
        MHD_suspend_connection(connection->mhd);
        return 0;
    }
    size_t count = stream->length < size ? stream->length : size;
    memcpy(room, stream->bytes + stream->start, count);
    stream->start += count;
    stream->length -= count;
    if (stream->length == 0)
        stream->start = 0;
    return (ssize_t)count;
}

/* Room for `count` more bytes behind those that wait. */
static bool make_room(struct stream *stream, size_t count)
{
    if (stream->start > 0 && stream->start + stream->length + count > stream->capacity) {
        memmove(stream->bytes, stream->bytes + stream->start, stream->length);
        stream->start = 0;
    }
    size_t needed = stream->start + stream->length + count;
    if (needed <= stream->capacity)
        return true;
    size_t larger = stream->capacity > 0 ? stream->capacity * 2 : FIRST_BYTES;
    if (larger < needed)
        larger = needed;
    char *moved = realloc(stream->bytes, larger);
    if (moved == NULL)
        return false;
    stream->bytes = moved;
    stream->capacity = larger;
    return true;
}

bool stream_write(struct server *server, struct stream *stream, const char *bytes, size_t count)
{
    if (count == 0)
        return true;
    if (count > stream->limit - stream->length || !make_room(stream, count))
        return false;
    memcpy(stream->bytes + stream->start + stream->length, bytes, count);
    stream->length += count;
    (void)server_resume(server, stream->connection);
    return true;
}

void stream_finish(struct server *server, struct stream *stream)
{
    stream->finished = true;
    (void)server_resume(server, stream->connection);
}

static void detach(struct server *server, struct stream *stream)
{
    struct connection *connection = stream->connection;
    (void)epoll_ctl(server->streams.poller, EPOLL_CTL_DEL, connection->socket, NULL);
    connection->stream = NULL;
    stream->connection = NULL;
    free(stream->bytes);
    stream->bytes = NULL;
}

void stream_discard(struct server *server, struct stream *stream)
{
    detach(server, stream);
    free(stream);
}

void stream_over(struct server *server, struct stream *stream)
{
    struct streams *streams = &server->streams;
    detach(server, stream);
    *(streams->last != NULL ? &streams->last->next : &streams->first) = stream;
    streams->last = stream;
}

void streams_run(struct server *server)
{
    if (!server->streams.opened)
        return;
    struct epoll_event events[EVENTS];
    int count;
    do {
        count = epoll_wait(server->streams.poller, events, EVENTS, 0);
        for (int i = 0; i < count; i++) {
            struct stream *stream = events[i].data.ptr;
            stream->left = true;
            (void)server_resume(server, stream->connection);
        }
    } while (count == EVENTS);
}

int64_t streams_take_over(struct streams *streams)
{
    struct stream *first = streams->first;
    if (first == NULL)
        return 0;
    int64_t id = first->id;
    streams->first = first->next;
    if (streams->first == NULL)
        streams->last = NULL;
    free(first);
    return id;
}

void streams_close(struct streams *streams)
{
    while (streams_take_over(streams) != 0) {
    }
    if (streams->opened)
        close(streams->poller);
    *streams = (struct streams){0};
}
