/* An easy handle of libcurl that is set up once and then reused for many transfers.
 *
 * Its callbacks run inside libcurl, so they use only memory of the handle and never Lua. */
#ifndef KENAR_CURL_HANDLE_H
#define KENAR_CURL_HANDLE_H

#include "response.h"
#include "sockets.h"
#include "transfer.h"
#include <curl/curl.h>

/* Settings of a pool. The pool owns the strings. */
struct kenar_settings {
    size_t max_transfers;
    double idle; /* seconds until an unused connection is closed */
    bool http2;
    bool insecure_http;
    char *proxy;   /* NULL: from the environment; "": no proxy */
    char *ca_file; /* NULL: the system's certificates */
};

struct kenar_handle {
    CURL *easy;
    struct kenar_transfer *transfer; /* NULL if the handle is free */
    struct kenar_response response;
    struct kenar_sockets *sockets; /* owned by the pool */
    int attempts;                  /* how often a connection was ready to send this request */
    bool reused;                   /* the connection had served another request */
    bool found_dead;
    bool multiplexed; /* the settings allow HTTP/2 */
    bool fresh;       /* the current value of CURLOPT_FRESH_CONNECT */
    CURLU *url;
    struct kenar_bytes url_text; /* the text of `url` */
    bool proxy_off;
    bool custom_method;
    char detail[CURL_ERROR_SIZE];
    struct kenar_handle *next; /* next free handle */
};

/* NULL if memory is short or libcurl lacks an option. `sockets` must outlive the handle and its
 * connections. */
struct kenar_handle *kenar_handle_new(const struct kenar_settings *settings,
                                      struct kenar_sockets *sockets);

/* Sets the handle up for a transfer and assigns the transfer to it. */
CURLcode kenar_handle_prepare(struct kenar_handle *handle, struct kenar_transfer *transfer,
                              const struct kenar_settings *settings);

/* Whether a byte of the request may have been sent. */
bool kenar_handle_has_sent(const struct kenar_handle *handle);

/* Writes the result into the transfer. The transfer keeps the handle, which has the answer, until
 * its release. */
void kenar_handle_read_result(struct kenar_handle *handle, CURLcode code);

/* Frees the handle, which must have been removed from its multi handle. */
void kenar_handle_free(struct kenar_handle *handle);

#endif
