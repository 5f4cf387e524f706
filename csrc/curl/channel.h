/* An easy handle that is set up once and then sends one transfer after the other.
 *
 * The callbacks in here run inside libcurl: they touch the channel's own memory and nothing of Lua.
 */
#ifndef KENAR_CURL_CHANNEL_H
#define KENAR_CURL_CHANNEL_H

#include "response.h"
#include "sockets.h"
#include "transfer.h"
#include <curl/curl.h>

/* What holds for every transfer of a pool. Strings are owned. */
struct kenar_settings {
    size_t max_transfers;
    double idle; /* seconds after which a connection that nobody used is closed */
    bool http2;
    bool insecure_http;
    char *proxy;   /* NULL: as the environment says; "": none */
    char *ca_file; /* NULL: the system's */
};

struct kenar_channel {
    CURL *easy;
    struct kenar_transfer *transfer; /* NULL while free */
    struct kenar_response response;
    struct kenar_sockets *sockets; /* of the pool */
    int attempts; /* how often a connection was ready for this request to be written */
    bool reused;  /* the first of them had served another request */
    bool found_dead;
    bool multiplexed; /* the settings allow HTTP/2 */
    bool fresh;       /* as the handle is set up now */
    CURLU *url;
    struct kenar_bytes url_text; /* that `url` was made from */
    bool proxy_off;
    bool custom_method;
    char detail[CURL_ERROR_SIZE];
    struct kenar_channel *next; /* of the free ones */
};

/* NULL when memory is short or libcurl lacks something. `sockets` outlives the channel and the
 * connections that it opens. */
struct kenar_channel *kenar_channel_new(const struct kenar_settings *settings,
                                        struct kenar_sockets *sockets);

/* Makes the handle ready for this transfer's request, and the transfer its user. */
CURLcode kenar_channel_prepare(struct kenar_channel *channel, struct kenar_transfer *transfer,
                               const struct kenar_settings *settings);

/* Whether a byte of the request may have left. */
bool kenar_channel_has_sent(const struct kenar_channel *channel);

/* Writes how it ended into the transfer, which keeps the channel (for the answer) until it is
 * released. */
void kenar_channel_conclude(struct kenar_channel *channel, CURLcode code);

/* The handle must have left its multi handle. */
void kenar_channel_free(struct kenar_channel *channel);

#endif
