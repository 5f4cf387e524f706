/* How a transfer ended, in the terms of the rest of kenar. */
#ifndef KENAR_CURL_OUTCOME_H
#define KENAR_CURL_OUTCOME_H

#include <curl/curl.h>
#include <stdbool.h>

enum kenar_failure {
    KENAR_FAILURE_NONE,
    KENAR_FAILURE_NETWORK,
    KENAR_FAILURE_TIMEOUT,
    KENAR_FAILURE_TLS,
    KENAR_FAILURE_TOO_LARGE,
    KENAR_FAILURE_CLOSED,
    KENAR_FAILURE_INVALID,
};

/* "network", "timeout"...: the kinds of kenar.error. */
const char *kenar_failure_name(enum kenar_failure failure);

/* What libcurl's result means; `detail` is its error buffer, for the one code that mixes two
 * causes. */
enum kenar_failure kenar_failure_of(CURLcode code, const char *detail);

/* Whether the server may have acted, "no", "maybe" or "yes": `left` is false when no byte of the
 * request can have left, `status` is the answer's as far as it came (0: none). */
const char *kenar_sent_name(bool left, long status);

#endif
