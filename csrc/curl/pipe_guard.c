#include "pipe_guard.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static void init_sigpipe_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

void kenar_pipe_guard_begin(struct kenar_pipe_guard *guard)
{
    sigset_t wanted, before, pending;
    *guard = (struct kenar_pipe_guard){0};
    init_sigpipe_set(&wanted);
    if (pthread_sigmask(SIG_BLOCK, &wanted, &before) != 0)
        return;
    guard->is_blocked = sigismember(&before, SIGPIPE) == 0;
    /* Only a blocked signal can be pending. */
    guard->discards =
        guard->is_blocked || (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 0);
}

void kenar_pipe_guard_end(const struct kenar_pipe_guard *guard)
{
    static const struct timespec at_once = {0, 0};
    sigset_t wanted;
    init_sigpipe_set(&wanted);
    if (guard->discards)
        while (sigtimedwait(&wanted, NULL, &at_once) < 0 && errno == EINTR)
            continue;
    if (guard->is_blocked)
        pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
}
