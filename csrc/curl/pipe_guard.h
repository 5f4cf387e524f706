#ifndef KENAR_CURL_PIPE_GUARD_H
#define KENAR_CURL_PIPE_GUARD_H

#include <stdbool.h>

/* Blocks SIGPIPE in this thread while libcurl writes. CURLOPT_NOSIGNAL turns off libcurl's own
 * protection, which changes the disposition of the whole process. Before 7.87 libcurl lets OpenSSL
 * write without MSG_NOSIGNAL. */
struct kenar_pipe_guard {
    bool is_blocked; /* blocked by the guard, not by the caller */
    bool discards;   /* no SIGPIPE was pending at the start, so one that is pending at the end is
                        discarded */
};

/* The two calls enclose the calls of libcurl, in the same thread. */
void kenar_pipe_guard_begin(struct kenar_pipe_guard *guard);
void kenar_pipe_guard_end(const struct kenar_pipe_guard *guard);

#endif
