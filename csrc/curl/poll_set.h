/* The sockets and the timer that a multi handle wants its owner to watch, in the form of
 * poll(2). */
#ifndef KENAR_CURL_POLL_SET_H
#define KENAR_CURL_POLL_SET_H

#include <curl/curl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct kenar_poll_set {
    struct pollfd *sockets;
    size_t count, capacity;
    double due; /* monotonic seconds; negative: no timer */
};

/* The monotonic clock in seconds. */
double kenar_monotonic_now(void);

/* Registers the callbacks by which the multi handle updates the set. False if libcurl refuses
 * one. */
bool kenar_poll_set_attach(struct kenar_poll_set *poll_set, CURLM *multi);

/* Waits until a socket or one of `others` is ready, or until the time `until` (monotonic seconds;
 * infinity: no limit). The multi handle then acts on its ready sockets. */
CURLMcode kenar_poll_set_wait(struct kenar_poll_set *poll_set, CURLM *multi, double until,
                              const int *others, size_t others_count);

/* Lets the multi handle act if its timer is due. */
CURLMcode kenar_poll_set_run_timer(struct kenar_poll_set *poll_set, CURLM *multi);

/* Removes all sockets and the timer. */
void kenar_poll_set_clear(struct kenar_poll_set *poll_set);

/* Frees the memory; closes no socket. */
void kenar_poll_set_free(struct kenar_poll_set *poll_set);

#endif
