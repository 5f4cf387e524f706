#include "pipe_guard.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static void only_sigpipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

void kenar_pipe_guard_begin(struct kenar_pipe_guard *guard)
{
    sigset_t wanted, before, pending;
    *guard = (struct kenar_pipe_guard){0};
    only_sigpipe(&wanted);
    if (pthread_sigmask(SIG_BLOCK, &wanted, &before) != 0)
        return;
    guard->is_blocked = sigismember(&before, SIGPIPE) == 0;
    /* A signal that is not blocked cannot be pending. */
    guard->drops =
        guard->is_blocked || (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 0);
}

void kenar_pipe_guard_end(const struct kenar_pipe_guard *guard)
{
    static const struct timespec at_once = {0, 0};
    sigset_t wanted;
    only_sigpipe(&wanted);
    if (guard->drops)
        while (sigtimedwait(&wanted, NULL, &at_once) < 0 && errno == EINTR)
            continue;
    if (guard->is_blocked)
        pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
}
