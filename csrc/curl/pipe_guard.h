#ifndef KENAR_CURL_PIPE_GUARD_H
#define KENAR_CURL_PIPE_GUARD_H

#include <stdbool.h>

/* Holds SIGPIPE back from this thread while libcurl writes. libcurl's own guard is off with
 * CURLOPT_NOSIGNAL, and it changes the whole process's disposition. Before 7.87 OpenSSL writes to
 * the sockets of libcurl without MSG_NOSIGNAL. */
struct kenar_pipe_guard {
    bool is_blocked; /* by the guard, not by the caller */
    bool drops;      /* a SIGPIPE that is pending at the end came after the guard began */
};

void kenar_pipe_guard_begin(struct kenar_pipe_guard *guard);
void kenar_pipe_guard_end(const struct kenar_pipe_guard *guard);

#endif
