#include "daemon.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLOSING_ROUNDS = 64 };

bool kenar_daemon_open(struct kenar_daemon *daemon)
{
    daemon->poller = epoll_create1(EPOLL_CLOEXEC);
    daemon->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return daemon->poller >= 0 && daemon->wake >= 0 && kenar_daemon_watch(daemon, daemon->wake);
}

bool kenar_daemon_watch(const struct kenar_daemon *daemon, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(daemon->poller, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void kenar_daemon_clear_wake(struct kenar_daemon *daemon)
{
    if (!daemon->woken)
        return;
    eventfd_t count;
    (void)eventfd_read(daemon->wake, &count);
    daemon->woken = false;
}

bool kenar_daemon_pending(const struct kenar_daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG wait;
    return MHD_get_timeout(daemon->mhd, &wait) == MHD_YES && wait == 0;
}

void kenar_daemon_suspend(struct kenar_peer *peer)
{
    peer->suspended = true;
    MHD_suspend_connection(peer->mhd);
}

static bool client_left(const struct kenar_peer *peer)
{
    char byte;
    ssize_t count = recv(peer->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

bool kenar_daemon_resume(struct kenar_peer *peer)
{
    struct kenar_daemon *daemon = peer->daemon;
    if (!peer->suspended)
        return true; /* the last run returned 0: the next one is due, and answers */
    bool left = client_left(peer);
    peer->suspended = false;
    MHD_resume_connection(peer->mhd);
    /* To resume wakes nobody by itself. */
    if (!daemon->woken)
        daemon->woken = eventfd_write(daemon->wake, 1) == 0;
    return !left;
}

void kenar_daemon_enqueue(struct kenar_peer *peer)
{
    struct kenar_daemon *daemon = peer->daemon;
    peer->id = ++daemon->requests * KENAR_CONNECTION_SLOTS + peer->slot;
    peer->taken = false;
    peer->next_ready = NULL;
    if (daemon->ready.last != NULL)
        daemon->ready.last->next_ready = peer;
    else
        daemon->ready.first = peer;
    daemon->ready.last = peer;
    daemon->waiting++;
}

void kenar_daemon_take(struct kenar_daemon *daemon)
{
    struct kenar_peer *peer = daemon->ready.first;
    daemon->ready.first = peer->next_ready;
    if (daemon->ready.first == NULL)
        daemon->ready.last = NULL;
    peer->taken = true;
}

static void dequeue(struct kenar_daemon *daemon, const struct kenar_peer *peer)
{
    struct kenar_peer *before = NULL, *at = daemon->ready.first;
    while (at != peer) {
        before = at;
        at = at->next_ready;
    }
    *(before != NULL ? &before->next_ready : &daemon->ready.first) = at->next_ready;
    if (daemon->ready.last == at)
        daemon->ready.last = before;
}

void kenar_daemon_forget(struct kenar_peer *peer)
{
    if (peer->id == 0)
        return;
    if (!peer->taken)
        dequeue(peer->daemon, peer);
    peer->id = 0;
    peer->daemon->waiting--;
}

void kenar_daemon_stop(struct kenar_daemon *daemon)
{
    bool pending = true;
    for (int round = 0; round < CLOSING_ROUNDS && pending; round++) {
        MHD_run(daemon->mhd);
        pending = kenar_daemon_pending(daemon) || round == 0;
    }
    MHD_stop_daemon(daemon->mhd);
    daemon->mhd = NULL;
}

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

void kenar_daemon_close(struct kenar_daemon *daemon)
{
    close_descriptor(&daemon->wake);
    close_descriptor(&daemon->poller);
}
