#include "stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { FIRST_BYTES = 4096, EVENTS = 16 };

static bool open_poller(struct kenar_streams *streams, const struct kenar_daemon *daemon)
{
    if (streams->opened)
        return true;
    streams->poller = epoll_create1(EPOLL_CLOEXEC);
    if (streams->poller < 0)
        return false;
    streams->opened = kenar_daemon_watch(daemon, streams->poller);
    if (!streams->opened)
        close(streams->poller);
    return streams->opened;
}

struct kenar_stream *kenar_stream_open(struct kenar_streams *streams, struct kenar_peer *peer,
                                       size_t limit)
{
    struct kenar_stream *stream =
        open_poller(streams, peer->daemon) ? malloc(sizeof(*stream)) : NULL;
    if (stream == NULL)
        return NULL;
    *stream = (struct kenar_stream){.id = peer->id, .peer = peer, .limit = limit};
    /* While it waits for bytes the daemon does not look at the connection. */
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = stream};
    if (epoll_ctl(streams->poller, EPOLL_CTL_ADD, peer->socket, &event) != 0) {
        free(stream);
        return NULL;
    }
    return stream;
}

ssize_t kenar_stream_read(void *closure, uint64_t position, char *room, size_t size)
{
    struct kenar_stream *stream = closure;
    struct kenar_peer *peer = stream->peer;
    (void)position;
    if (peer == NULL || stream->left)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (stream->length == 0) {
        if (stream->finished || peer->daemon->stopping)
            return MHD_CONTENT_READER_END_OF_STREAM;
        kenar_daemon_suspend(peer);
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
static bool make_room(struct kenar_stream *stream, size_t count)
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

bool kenar_stream_write(struct kenar_stream *stream, const char *bytes, size_t count)
{
    if (count == 0)
        return true;
    if (count > stream->limit - stream->length || !make_room(stream, count))
        return false;
    memcpy(stream->bytes + stream->start + stream->length, bytes, count);
    stream->length += count;
    (void)kenar_daemon_resume(stream->peer);
    return true;
}

void kenar_stream_finish(struct kenar_stream *stream)
{
    stream->finished = true;
    (void)kenar_daemon_resume(stream->peer);
}

static void detach(struct kenar_streams *streams, struct kenar_stream *stream)
{
    (void)epoll_ctl(streams->poller, EPOLL_CTL_DEL, stream->peer->socket, NULL);
    stream->peer = NULL;
    free(stream->bytes);
    stream->bytes = NULL;
}

void kenar_stream_discard(struct kenar_streams *streams, struct kenar_stream *stream)
{
    detach(streams, stream);
    free(stream);
}

void kenar_stream_over(struct kenar_streams *streams, struct kenar_stream *stream)
{
    detach(streams, stream);
    *(streams->last != NULL ? &streams->last->next : &streams->first) = stream;
    streams->last = stream;
}

void kenar_streams_run(struct kenar_streams *streams)
{
    if (!streams->opened)
        return;
    struct epoll_event events[EVENTS];
    int count;
    do {
        count = epoll_wait(streams->poller, events, EVENTS, 0);
        for (int i = 0; i < count; i++) {
            struct kenar_stream *stream = events[i].data.ptr;
            stream->left = true;
            (void)kenar_daemon_resume(stream->peer);
        }
    } while (count == EVENTS);
}

int64_t kenar_streams_take_over(struct kenar_streams *streams)
{
    struct kenar_stream *first = streams->first;
    if (first == NULL)
        return 0;
    int64_t id = first->id;
    streams->first = first->next;
    if (streams->first == NULL)
        streams->last = NULL;
    free(first);
    return id;
}

void kenar_streams_close(struct kenar_streams *streams)
{
    while (kenar_streams_take_over(streams) != 0) {
    }
    if (streams->opened)
        close(streams->poller);
    *streams = (struct kenar_streams){0};
}
