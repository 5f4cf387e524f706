#include "channel.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libcurl 7.88 takes an idle connection for alive after a reset, and, over TLS, after the peer's
 * goodbye. Bytes that nobody asked for are no answer to the request that follows. */
static bool has_died(const struct kenar_channel *channel, const struct kenar_ends *ends)
{
    int fd = kenar_sockets_find(channel->sockets, ends);
    return fd >= 0 && !kenar_socket_is_open(fd, !channel->multiplexed);
}

/* Called when a connection stands, before the request is written on it. libcurl repeats a request
 * by itself when a reused connection dies before the first byte of an answer; the server may have
 * acted on the first, so the second is refused. */
static int on_ready_to_send(void *user, char *peer, char *own, int peer_port, int own_port)
{
    struct kenar_channel *channel = user;
    const struct kenar_ends ends = {peer, own, peer_port, own_port};
    long opened = 1;
    if (channel->attempts++ > 0) {
        return CURL_PREREQFUNC_ABORT;
    }
    curl_easy_getinfo(channel->easy, CURLINFO_NUM_CONNECTS, &opened);
    if (opened > 0) {
        kenar_sockets_learn(channel->sockets, &ends);
        return CURL_PREREQFUNC_OK;
    }
    channel->reused = true;
    channel->found_dead = has_died(channel, &ends);
    if (!channel->found_dead) {
        return CURL_PREREQFUNC_OK;
    }
    curl_easy_setopt(channel->easy, CURLOPT_FORBID_REUSE, 1L);
    return CURL_PREREQFUNC_ABORT;
}

static size_t on_header_line(char *line, size_t size, size_t count, void *user)
{
    struct kenar_channel *channel = user;
    return kenar_response_header_line(&channel->response, line, size * count) ? size * count : 0;
}

static size_t on_body_piece(char *piece, size_t size, size_t count, void *user)
{
    struct kenar_channel *channel = user;
    /* Any other count stops the transfer; for an empty piece 0 would not be another. */
    return kenar_response_body_piece(&channel->response, piece, size * count) ? size * count
                                                                              : size * count + 1;
}

static size_t on_read(char *into, size_t size, size_t count, void *user)
{
    struct kenar_channel *channel = user;
    struct kenar_transfer *transfer = channel->transfer;
    ptrdiff_t got = 0;
    if (transfer != NULL && transfer->request.upload != NULL) {
        got = kenar_upload_read(transfer->request.upload, into, size * count);
    }
    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* Before libcurl repeats a request, it wants the body from its beginning; libcurl 8 asks for that
 * at the handle's next request, when this one was not repeated. */
static int on_seek(void *user, curl_off_t offset, int origin)
{
    struct kenar_channel *channel = user;
    struct kenar_transfer *transfer = channel->transfer;
    if (offset != 0 || origin != SEEK_SET) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    if (transfer != NULL && transfer->request.upload != NULL) {
        kenar_upload_rewind(transfer->request.upload);
    }
    return CURL_SEEKFUNC_OK;
}

/* Programs that this one starts must not hold its connections. */
static int on_socket(void *user, curl_socket_t fd, curlsocktype purpose)
{
    struct kenar_sockets *sockets = user;
    (void)purpose;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    kenar_sockets_add(sockets, fd);
    return CURL_SOCKOPT_OK;
}

static int on_socket_close(void *user, curl_socket_t fd)
{
    struct kenar_sockets *sockets = user;
    kenar_sockets_remove(sockets, fd);
    return close(fd);
}

static CURLcode set_constants(struct kenar_channel *channel, const struct kenar_settings *settings)
{
    CURL *easy = channel->easy;
    CURLcode failed = CURLE_OK;
#define SET(option, value)                                                                         \
    failed = failed != CURLE_OK ? failed : curl_easy_setopt(easy, option, value)
    SET(CURLOPT_PRIVATE, channel);
    SET(CURLOPT_CURLU, channel->url);
    SET(CURLOPT_ERRORBUFFER, channel->detail);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PREREQFUNCTION, on_ready_to_send);
    SET(CURLOPT_PREREQDATA, channel);
    SET(CURLOPT_HEADERFUNCTION, on_header_line);
    SET(CURLOPT_HEADERDATA, channel);
    SET(CURLOPT_WRITEFUNCTION, on_body_piece);
    SET(CURLOPT_WRITEDATA, channel);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, channel);
    SET(CURLOPT_SEEKFUNCTION, on_seek);
    SET(CURLOPT_SEEKDATA, channel);
    SET(CURLOPT_SOCKOPTFUNCTION, on_socket);
    SET(CURLOPT_SOCKOPTDATA, channel->sockets);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_socket_close);
    SET(CURLOPT_CLOSESOCKETDATA, channel->sockets);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_HTTP_VERSION,
        settings->http2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PIPEWAIT, settings->http2 ? 1L : 0L);
    SET(CURLOPT_MAXAGE_CONN, settings->idle < 1 ? 1L : (long)settings->idle);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Without it a time-out during a name lookup waits until the resolver's thread gives up, and
     * everybody with it. */
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    SET(CURLOPT_PROXY, settings->proxy);
    if (settings->ca_file != NULL) {
        SET(CURLOPT_CAINFO, settings->ca_file);
    }
#undef SET
    return failed;
}

struct kenar_channel *kenar_channel_new(const struct kenar_settings *settings,
                                        struct kenar_sockets *sockets)
{
    struct kenar_channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL) {
        return NULL;
    }
    channel->sockets = sockets;
    channel->multiplexed = settings->http2;
    channel->easy = curl_easy_init();
    channel->url = curl_url();
    if (channel->easy == NULL || channel->url == NULL ||
        set_constants(channel, settings) != CURLE_OK) {
        kenar_channel_free(channel);
        return NULL;
    }
    return channel;
}

void kenar_channel_free(struct kenar_channel *channel)
{
    curl_easy_cleanup(channel->easy);
    curl_url_cleanup(channel->url);
    kenar_bytes_free(&channel->url_text);
    kenar_response_free(&channel->response);
    free(channel);
}

static CURLcode prepare_body(CURL *easy, const struct kenar_request *request)
{
    const char *body = request->upload != NULL ? NULL : request->body != NULL ? request->body : "";
    curl_off_t size = (curl_off_t)kenar_request_size(request);
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_POST, 1L);
    failed = failed ? failed : curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    return failed ? failed : curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
}

static CURLcode prepare_method(struct kenar_channel *channel, const struct kenar_request *request)
{
    CURL *easy = channel->easy;
    bool has_body = request->upload != NULL || request->body != NULL;
    bool is_post = strcmp(request->method, "POST") == 0;
    bool is_get = strcmp(request->method, "GET") == 0;
    bool is_head = strcmp(request->method, "HEAD") == 0;
    bool is_custom = !is_post && !is_get && !is_head;
    CURLcode failed;
    if (is_head) {
        failed = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (has_body || is_post) {
        failed = prepare_body(easy, request);
    } else {
        failed = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    if (failed == CURLE_OK && (is_custom || channel->custom_method)) {
        failed = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_custom ? request->method : NULL);
        channel->custom_method = is_custom;
    }
    return failed;
}

/* Messages go to few places again and again: a URL is taken apart when it changes only. */
static CURLcode prepare_url(struct kenar_channel *channel, const struct kenar_bytes *url)
{
    if (kenar_bytes_equal(&channel->url_text, url->data, url->length)) {
        return CURLE_OK;
    }
    if (curl_url_set(channel->url, CURLUPART_URL, url->data, 0) != CURLUE_OK) {
        kenar_bytes_clear(&channel->url_text);
        return CURLE_URL_MALFORMAT;
    }
    return kenar_bytes_assign(&channel->url_text, url->data, url->length) ? CURLE_OK
                                                                          : CURLE_OUT_OF_MEMORY;
}

static CURLcode prepare_proxy(struct kenar_channel *channel, bool off,
                              const struct kenar_settings *settings)
{
    CURLcode failed = curl_easy_setopt(channel->easy, CURLOPT_PROXY, off ? "" : settings->proxy);
    channel->proxy_off = off;
    /* Said outright, libcurl need not look for no_proxy in the environment. */
    return failed ? failed : curl_easy_setopt(channel->easy, CURLOPT_NOPROXY, off ? "" : NULL);
}

static CURLcode prepare_connection(struct kenar_channel *channel, bool fresh)
{
    CURLcode failed = CURLE_OK;
    if (channel->found_dead) {
        failed = curl_easy_setopt(channel->easy, CURLOPT_FORBID_REUSE, 0L);
    }
    if (failed == CURLE_OK && channel->fresh != fresh) {
        failed = curl_easy_setopt(channel->easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
        channel->fresh = fresh;
    }
    channel->attempts = 0;
    channel->reused = channel->found_dead = false;
    return failed;
}

CURLcode kenar_channel_prepare(struct kenar_channel *channel, struct kenar_transfer *transfer,
                               const struct kenar_settings *settings)
{
    const struct kenar_request *request = &transfer->request;
    struct curl_slist *headers =
        kenar_header_list_lines(request->headers, kenar_request_size(request));
    CURL *easy = channel->easy;
    CURLcode failed;
    channel->transfer = transfer;
    channel->detail[0] = '\0';
    transfer->channel = channel;
    kenar_response_begin(&channel->response, request->max_body);
    failed = prepare_connection(channel, request->fresh);
    failed = failed ? failed : prepare_method(channel, request);
    failed = failed ? failed : prepare_url(channel, &request->url);
    failed = failed ? failed : curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    failed = failed ? failed : curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    failed = failed
                 ? failed
                 : curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
    if (failed == CURLE_OK && channel->proxy_off != request->target.loopback) {
        failed = prepare_proxy(channel, request->target.loopback, settings);
    }
    return failed;
}

bool kenar_channel_has_sent(const struct kenar_channel *channel)
{
    long bytes = 0;
    if (channel->attempts == 0 || channel->found_dead) {
        return false;
    }
    /* What the socket has taken of the request; with HTTP/2 what a buffer has taken. */
    return channel->multiplexed ||
           curl_easy_getinfo(channel->easy, CURLINFO_REQUEST_SIZE, &bytes) != CURLE_OK || bytes > 0;
}

/* What failed, and in `*message` what to tell a person: nothing of the request but its host. */
static enum kenar_failure judge(struct kenar_channel *channel, CURLcode code, const char **message)
{
    const struct kenar_upload *upload = channel->transfer->request.upload;
    enum kenar_failure failure;
    switch (channel->response.fault) {
    case KENAR_RESPONSE_TOO_LARGE:
        *message = "the answer is larger than allowed";
        return KENAR_FAILURE_TOO_LARGE;
    case KENAR_RESPONSE_NO_MEMORY:
        *message = "no memory for the answer";
        return KENAR_FAILURE_NETWORK;
    case KENAR_RESPONSE_FINE:
        break;
    }
    if (code == CURLE_OK && !channel->response.headers_ended) {
        /* libcurl takes a close in the midst of the headers for their end. */
        *message = "the answer ended within its headers";
        return KENAR_FAILURE_NETWORK;
    }
    if (upload != NULL && upload->fault != NULL) {
        *message = upload->fault;
        return KENAR_FAILURE_INVALID;
    }
    if (channel->found_dead || channel->attempts > 1) {
        *message = kenar_channel_has_sent(channel)
                       ? "the connection closed before an answer came; the request was not repeated"
                       : "the connection had died while it was idle; nothing of the request left";
        return KENAR_FAILURE_NETWORK;
    }
    *message = channel->detail[0] != '\0' ? channel->detail : curl_easy_strerror(code);
    failure = kenar_failure_of(code, channel->detail);
    /* What came back made no sense to libcurl, which says so with the codes for a URL that makes
     * none. */
    return failure == KENAR_FAILURE_INVALID && channel->attempts > 0 ? KENAR_FAILURE_NETWORK
                                                                     : failure;
}

void kenar_channel_conclude(struct kenar_channel *channel, CURLcode code)
{
    struct kenar_transfer *transfer = channel->transfer;
    bool has_sent;
    transfer->status = 0;
    curl_easy_getinfo(channel->easy, CURLINFO_RESPONSE_CODE, &transfer->status);
    transfer->failure = judge(channel, code, &transfer->message);
    has_sent = transfer->failure == KENAR_FAILURE_NONE || kenar_channel_has_sent(channel);
    transfer->sent = kenar_sent_name(has_sent, transfer->status);
    transfer->stale = channel->reused && !has_sent && transfer->failure == KENAR_FAILURE_NETWORK;
}
