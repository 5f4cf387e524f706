#include "linger.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* At most this much of one socket is thrown away in one turn, so that one client cannot hold up the
 * others. */
enum { PIECE = 16 * 1024, PIECES_A_TURN = 16, EVENTS = 32 };

enum discarded { NOTHING, SOMETHING, CLOSED };

static enum discarded discard(int socket)
{
    char bytes[PIECE];
    enum discarded outcome = NOTHING;
    for (int i = 0; i < PIECES_A_TURN; i++) {
        ssize_t count = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return outcome;
        if (count <= 0)
            return CLOSED;
        outcome = SOMETHING;
    }
    return outcome;
}

void kenar_linger_init(struct kenar_lingering *linger, int poller, double timeout)
{
    linger->poller = poller;
    linger->timeout = timeout;
    linger->count = 0;
}

static void drop(struct kenar_lingering *linger, int index)
{
    close(linger->sockets[index].socket);
    linger->count--;
    memmove(&linger->sockets[index], &linger->sockets[index + 1],
            (size_t)(linger->count - index) * sizeof(linger->sockets[0]));
}

void kenar_linger_consider(struct kenar_lingering *linger, int socket, bool unfinished, double now)
{
    enum discarded outcome = discard(socket);
    if (outcome == CLOSED || (outcome == NOTHING && !unfinished))
        return;
    if (linger->count == KENAR_LINGER_MAX)
        drop(linger, 0);
    int copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = copy};
    if (epoll_ctl(linger->poller, EPOLL_CTL_ADD, copy, &event) != 0) {
        close(copy);
        return;
    }
    shutdown(copy, SHUT_WR);
    linger->sockets[linger->count].socket = copy;
    linger->sockets[linger->count].deadline = now + linger->timeout;
    linger->count++;
}

static void drop_socket(struct kenar_lingering *linger, int socket)
{
    for (int i = 0; i < linger->count; i++) {
        if (linger->sockets[i].socket == socket) {
            drop(linger, i);
            return;
        }
    }
}

void kenar_linger_run(struct kenar_lingering *linger, double now)
{
    while (linger->count > 0 && linger->sockets[0].deadline <= now)
        drop(linger, 0);
    if (linger->count == 0)
        return;
    struct epoll_event events[EVENTS];
    int count = epoll_wait(linger->poller, events, EVENTS, 0);
    for (int i = 0; i < count; i++) {
        if (discard(events[i].data.fd) == CLOSED)
            drop_socket(linger, events[i].data.fd);
    }
}

double kenar_linger_wait(const struct kenar_lingering *linger, double now)
{
    if (linger->count == 0)
        return HUGE_VAL;
    double deadline = linger->sockets[0].deadline;
    return deadline > now ? deadline - now : 0;
}

void kenar_linger_close(struct kenar_lingering *linger)
{
    while (linger->count > 0)
        drop(linger, linger->count - 1);
}
