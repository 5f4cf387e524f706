/* The result of a transfer in kenar's terms. */
#ifndef KENAR_CURL_OUTCOME_H
#define KENAR_CURL_OUTCOME_H

#include <curl/curl.h>

enum kenar_failure {
    KENAR_FAILURE_NONE,
    KENAR_FAILURE_NETWORK,
    KENAR_FAILURE_TIMEOUT,
    KENAR_FAILURE_TLS,
    KENAR_FAILURE_TOO_LARGE,
    KENAR_FAILURE_CLOSED,
    KENAR_FAILURE_INVALID,
};

/* The name of the kind in kenar.error: "network", "timeout", ... */
const char *kenar_failure_name(enum kenar_failure failure);

/* The kind of libcurl's result. `detail` is its error buffer, because CURLE_SSL_CONNECT_ERROR has
 * two causes. */
enum kenar_failure kenar_failure_of(CURLcode code, const char *detail);

#endif
