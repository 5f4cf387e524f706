/* What a multi handle asks its owner to watch: sockets, and one moment in time. Kept as poll(2)
 * wants it. */
#ifndef KENAR_CURL_WATCH_H
#define KENAR_CURL_WATCH_H

#include <curl/curl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct kenar_watch {
    struct pollfd *sockets;
    size_t count, capacity;
    double due; /* monotonic seconds; negative: no timer */
};

/* Monotonic seconds. */
double kenar_watch_now(void);

/* Makes the multi handle keep `watch` up to date. */
bool kenar_watch_attach(struct kenar_watch *watch, CURLM *multi);

/* Waits until a socket, one of `others` or `until` (monotonic seconds; infinity: no end) is due,
 * and lets the multi handle act on its sockets. */
CURLMcode kenar_watch_wait(struct kenar_watch *watch, CURLM *multi, double until, const int *others,
                           size_t others_count);

/* Lets the multi handle act when its timer is due. */
CURLMcode kenar_watch_run_timer(struct kenar_watch *watch, CURLM *multi);

void kenar_watch_clear(struct kenar_watch *watch);
void kenar_watch_free(struct kenar_watch *watch);

#endif
