#include "watch.h"
#include <limits.h>
#include <stdlib.h>
#include <time.h>

double kenar_watch_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool reserve(struct kenar_watch *watch, size_t wanted)
{
    size_t capacity = watch->capacity < 16 ? 16 : watch->capacity;
    struct pollfd *grown;
    if (wanted <= watch->capacity) {
        return true;
    }
    while (capacity < wanted) {
        capacity *= 2;
    }
    grown = realloc(watch->sockets, capacity * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    watch->sockets = grown;
    watch->capacity = capacity;
    return true;
}

static int on_socket_change(CURL *easy, curl_socket_t fd, int what, void *user, void *unused)
{
    struct kenar_watch *watch = user;
    size_t at = 0;
    (void)easy, (void)unused;
    while (at < watch->count && watch->sockets[at].fd != fd) {
        at++;
    }
    if (what == CURL_POLL_REMOVE) {
        if (at < watch->count) {
            watch->sockets[at] = watch->sockets[--watch->count];
        }
        return 0;
    }
    if (at == watch->count) {
        if (!reserve(watch, watch->count + 1)) {
            return -1; /* the multi handle then refuses everything, and the pool makes another */
        }
        watch->sockets[watch->count++] = (struct pollfd){.fd = fd};
    }
    watch->sockets[at].events =
        (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    return 0;
}

static int on_timer_change(CURLM *multi, long milliseconds, void *user)
{
    struct kenar_watch *watch = user;
    (void)multi;
    watch->due = milliseconds < 0 ? -1 : kenar_watch_now() + (double)milliseconds / 1e3;
    return 0;
}

bool kenar_watch_attach(struct kenar_watch *watch, CURLM *multi)
{
    kenar_watch_clear(watch);
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_change) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, watch) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_change) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, watch) == CURLM_OK;
}

CURLMcode kenar_watch_run_timer(struct kenar_watch *watch, CURLM *multi)
{
    int running;
    if (watch->due < 0 || watch->due > kenar_watch_now()) {
        return CURLM_OK;
    }
    watch->due = -1;
    return curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static int poll_timeout(double until)
{
    double milliseconds = (until - kenar_watch_now()) * 1e3;
    if (milliseconds <= 0) {
        return 0;
    }
    /* Rounded up: a millisecond early would mean a second turn for nothing. */
    return milliseconds >= INT_MAX ? -1 : (int)milliseconds + 1;
}

/* libcurl's own reading of poll(2): an error is something to be read. */
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

CURLMcode kenar_watch_wait(struct kenar_watch *watch, CURLM *multi, double until, const int *others,
                           size_t others_count)
{
    int timeout = poll_timeout(until);
    int ready;
    if (timeout == 0 && watch->count + others_count == 0) {
        return CURLM_OK;
    }
    if (!reserve(watch, watch->count + others_count)) {
        return CURLM_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < others_count; i++) {
        watch->sockets[watch->count + i] = (struct pollfd){.fd = others[i], .events = POLLIN};
    }
    ready = poll(watch->sockets, watch->count + others_count, timeout);
    if (ready <= 0) {
        return CURLM_OK;
    }
    /* Acting on one socket may add and remove others, so the place of one that was ready is looked
     * at again. */
    for (size_t i = 0; i < watch->count;) {
        struct pollfd seen = watch->sockets[i];
        int running;
        CURLMcode failed;
        if (seen.revents == 0) {
            i++;
            continue;
        }
        watch->sockets[i].revents = 0;
        failed = curl_multi_socket_action(multi, seen.fd, curl_events(seen.revents), &running);
        if (failed != CURLM_OK) {
            return failed;
        }
    }
    return CURLM_OK;
}

void kenar_watch_clear(struct kenar_watch *watch)
{
    watch->count = 0;
    watch->due = -1;
}

void kenar_watch_free(struct kenar_watch *watch)
{
    free(watch->sockets);
    watch->sockets = NULL;
    watch->capacity = 0;
    kenar_watch_clear(watch);
}
