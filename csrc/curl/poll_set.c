#include "poll_set.h"
#include <limits.h>
#include <stdlib.h>
#include <time.h>

double kenar_monotonic_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool reserve(struct kenar_poll_set *poll_set, size_t wanted)
{
    size_t capacity = poll_set->capacity < 16 ? 16 : poll_set->capacity;
    struct pollfd *grown;
    if (wanted <= poll_set->capacity) {
        return true;
    }
    while (capacity < wanted) {
        capacity *= 2;
    }
    grown = realloc(poll_set->sockets, capacity * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    poll_set->sockets = grown;
    poll_set->capacity = capacity;
    return true;
}

static int on_socket_change(CURL *easy, curl_socket_t fd, int what, void *user, void *unused)
{
    struct kenar_poll_set *poll_set = user;
    size_t at = 0;
    (void)easy, (void)unused;
    while (at < poll_set->count && poll_set->sockets[at].fd != fd) {
        at++;
    }
    if (what == CURL_POLL_REMOVE) {
        if (at < poll_set->count) {
            poll_set->sockets[at] = poll_set->sockets[--poll_set->count];
        }
        return 0;
    }
    if (at == poll_set->count) {
        if (!reserve(poll_set, poll_set->count + 1)) {
            return -1; /* the multi handle then fails, and the pool makes another */
        }
        poll_set->sockets[poll_set->count++] = (struct pollfd){.fd = fd};
    }
    poll_set->sockets[at].events =
        (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    return 0;
}

static int on_timer_change(CURLM *multi, long milliseconds, void *user)
{
    struct kenar_poll_set *poll_set = user;
    (void)multi;
    poll_set->due = milliseconds < 0 ? -1 : kenar_monotonic_now() + (double)milliseconds / 1e3;
    return 0;
}

bool kenar_poll_set_attach(struct kenar_poll_set *poll_set, CURLM *multi)
{
    kenar_poll_set_clear(poll_set);
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_change) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, poll_set) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_change) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, poll_set) == CURLM_OK;
}

CURLMcode kenar_poll_set_run_timer(struct kenar_poll_set *poll_set, CURLM *multi)
{
    int running;
    if (poll_set->due < 0 || poll_set->due > kenar_monotonic_now()) {
        return CURLM_OK;
    }
    poll_set->due = -1;
    return curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static int poll_timeout(double until)
{
    double milliseconds = (until - kenar_monotonic_now()) * 1e3;
    if (milliseconds <= 0) {
        return 0;
    }
    /* Rounded up, because waking a millisecond early would cost another turn. */
    return milliseconds >= INT_MAX ? -1 : (int)milliseconds + 1;
}

/* As libcurl maps poll(2): an error counts as readable. */
static int curl_events(short events)
{
    int seen = 0;
    if (events & (POLLIN | POLLHUP | POLLERR)) {
        seen |= CURL_CSELECT_IN;
    }
    if (events & POLLOUT) {
        seen |= CURL_CSELECT_OUT;
    }
    if (events & (POLLERR | POLLNVAL)) {
        seen |= CURL_CSELECT_ERR;
    }
    return seen;
}

CURLMcode kenar_poll_set_wait(struct kenar_poll_set *poll_set, CURLM *multi, double until,
                              const int *others, size_t others_count)
{
    int timeout = poll_timeout(until);
    int ready;
    if (timeout == 0 && poll_set->count + others_count == 0) {
        return CURLM_OK;
    }
    if (!reserve(poll_set, poll_set->count + others_count)) {
        return CURLM_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < others_count; i++) {
        poll_set->sockets[poll_set->count + i] = (struct pollfd){.fd = others[i], .events = POLLIN};
    }
    ready = poll(poll_set->sockets, poll_set->count + others_count, timeout);
    if (ready <= 0) {
        return CURLM_OK;
    }
    /* An action may add and remove sockets, so the same index is checked again after it. */
    for (size_t i = 0; i < poll_set->count;) {
        struct pollfd seen = poll_set->sockets[i];
        int running;
        CURLMcode failed;
        if (seen.revents == 0) {
            i++;
            continue;
        }
        poll_set->sockets[i].revents = 0;
        failed = curl_multi_socket_action(multi, seen.fd, curl_events(seen.revents), &running);
        if (failed != CURLM_OK) {
            return failed;
        }
    }
    return CURLM_OK;
}

void kenar_poll_set_clear(struct kenar_poll_set *poll_set)
{
    poll_set->count = 0;
    poll_set->due = -1;
}

void kenar_poll_set_free(struct kenar_poll_set *poll_set)
{
    free(poll_set->sockets);
    poll_set->sockets = NULL;
    poll_set->capacity = 0;
    kenar_poll_set_clear(poll_set);
}
