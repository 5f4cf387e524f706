#include "handle.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether an idle connection is closed or reset. libcurl 7.88 reuses a connection after a reset
 * and, over TLS, after the peer's close_notify. Over HTTP/1.1 a connection with unread bytes is
 * dead too, because those bytes cannot be the answer to the next request. */
static bool is_dead(const struct kenar_handle *handle, const struct kenar_address_pair *pair)
{
    int fd = kenar_sockets_find(handle->sockets, pair);
    return fd >= 0 && !kenar_socket_is_open(fd, !handle->multiplexed);
}

/* Called when the connection is ready and before the request is written. libcurl repeats a request
 * if a reused connection fails before the first byte of the answer. The second attempt is refused,
 * because the server may have acted on the first. */
static int on_ready_to_send(void *user, char *peer, char *own, int peer_port, int own_port)
{
    struct kenar_handle *handle = user;
    const struct kenar_address_pair pair = {peer, own, peer_port, own_port};
    long opened = 1;
    if (handle->attempts++ > 0) {
        return CURL_PREREQFUNC_ABORT;
    }
    curl_easy_getinfo(handle->easy, CURLINFO_NUM_CONNECTS, &opened);
    if (opened > 0) {
        kenar_sockets_set_addresses(handle->sockets, &pair);
        return CURL_PREREQFUNC_OK;
    }
    handle->reused = true;
    handle->found_dead = is_dead(handle, &pair);
    if (!handle->found_dead) {
        return CURL_PREREQFUNC_OK;
    }
    curl_easy_setopt(handle->easy, CURLOPT_FORBID_REUSE, 1L);
    return CURL_PREREQFUNC_ABORT;
}

static size_t on_header_line(char *line, size_t size, size_t count, void *user)
{
    struct kenar_handle *handle = user;
    return kenar_response_header_line(&handle->response, line, size * count) ? size * count : 0;
}

static size_t on_body_piece(char *piece, size_t size, size_t count, void *user)
{
    struct kenar_handle *handle = user;
    /* Any other count stops the transfer. An empty piece needs a count above 0 for that. */
    return kenar_response_body_piece(&handle->response, piece, size * count) ? size * count
                                                                             : size * count + 1;
}

static size_t on_read(char *into, size_t size, size_t count, void *user)
{
    struct kenar_handle *handle = user;
    struct kenar_transfer *transfer = handle->transfer;
    ptrdiff_t got = 0;
    if (transfer != NULL && transfer->request.upload != NULL) {
        got = kenar_upload_read(transfer->request.upload, into, size * count);
    }
    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* libcurl calls this before it repeats a request. libcurl 8 also calls it at the handle's next
 * request if this one was not repeated. */
static int on_seek(void *user, curl_off_t offset, int origin)
{
    struct kenar_handle *handle = user;
    struct kenar_transfer *transfer = handle->transfer;
    if (offset != 0 || origin != SEEK_SET) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    if (transfer != NULL && transfer->request.upload != NULL) {
        kenar_upload_rewind(transfer->request.upload);
    }
    return CURL_SEEKFUNC_OK;
}

/* Child processes must not inherit the connection. */
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

static CURLcode set_fixed_options(struct kenar_handle *handle,
                                  const struct kenar_settings *settings)
{
    CURL *easy = handle->easy;
    CURLcode failed = CURLE_OK;
#define SET(option, value)                                                                         \
    failed = failed != CURLE_OK ? failed : curl_easy_setopt(easy, option, value)
    SET(CURLOPT_PRIVATE, handle);
    SET(CURLOPT_CURLU, handle->url);
    SET(CURLOPT_ERRORBUFFER, handle->detail);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PREREQFUNCTION, on_ready_to_send);
    SET(CURLOPT_PREREQDATA, handle);
    SET(CURLOPT_HEADERFUNCTION, on_header_line);
    SET(CURLOPT_HEADERDATA, handle);
    SET(CURLOPT_WRITEFUNCTION, on_body_piece);
    SET(CURLOPT_WRITEDATA, handle);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, handle);
    SET(CURLOPT_SEEKFUNCTION, on_seek);
    SET(CURLOPT_SEEKDATA, handle);
    SET(CURLOPT_SOCKOPTFUNCTION, on_socket);
    SET(CURLOPT_SOCKOPTDATA, handle->sockets);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_socket_close);
    SET(CURLOPT_CLOSESOCKETDATA, handle->sockets);
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
    /* Without this option, cleanup after a timeout of a name lookup blocks until the resolver's
     * thread ends. */
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    SET(CURLOPT_PROXY, settings->proxy);
    if (settings->ca_file != NULL) {
        SET(CURLOPT_CAINFO, settings->ca_file);
    }
#undef SET
    return failed;
}

struct kenar_handle *kenar_handle_new(const struct kenar_settings *settings,
                                      struct kenar_sockets *sockets)
{
    struct kenar_handle *handle = calloc(1, sizeof *handle);
    if (handle == NULL) {
        return NULL;
    }
    handle->sockets = sockets;
    handle->multiplexed = settings->http2;
    handle->easy = curl_easy_init();
    handle->url = curl_url();
    if (handle->easy == NULL || handle->url == NULL ||
        set_fixed_options(handle, settings) != CURLE_OK) {
        kenar_handle_free(handle);
        return NULL;
    }
    return handle;
}

void kenar_handle_free(struct kenar_handle *handle)
{
    curl_easy_cleanup(handle->easy);
    curl_url_cleanup(handle->url);
    kenar_bytes_free(&handle->url_text);
    kenar_response_free(&handle->response);
    free(handle);
}

static CURLcode prepare_body(CURL *easy, const struct kenar_request *request)
{
    const char *body = request->upload != NULL ? NULL : request->body != NULL ? request->body : "";
    curl_off_t size = (curl_off_t)kenar_request_size(request);
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_POST, 1L);
    failed = failed ? failed : curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    return failed ? failed : curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
}

static CURLcode prepare_method(struct kenar_handle *handle, const struct kenar_request *request)
{
    CURL *easy = handle->easy;
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
    if (failed == CURLE_OK && (is_custom || handle->custom_method)) {
        failed = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_custom ? request->method : NULL);
        handle->custom_method = is_custom;
    }
    return failed;
}

/* Parses the URL only if it differs from the previous one, because most messages go to a few
 * URLs. */
static CURLcode prepare_url(struct kenar_handle *handle, const struct kenar_bytes *url)
{
    if (kenar_bytes_equal(&handle->url_text, url->data, url->length)) {
        return CURLE_OK;
    }
    if (curl_url_set(handle->url, CURLUPART_URL, url->data, 0) != CURLUE_OK) {
        kenar_bytes_clear(&handle->url_text);
        return CURLE_URL_MALFORMAT;
    }
    return kenar_bytes_assign(&handle->url_text, url->data, url->length) ? CURLE_OK
                                                                         : CURLE_OUT_OF_MEMORY;
}

static CURLcode prepare_proxy(struct kenar_handle *handle, bool off,
                              const struct kenar_settings *settings)
{
    CURLcode failed = curl_easy_setopt(handle->easy, CURLOPT_PROXY, off ? "" : settings->proxy);
    handle->proxy_off = off;
    /* An explicit list saves libcurl a lookup of no_proxy in the environment. */
    return failed ? failed : curl_easy_setopt(handle->easy, CURLOPT_NOPROXY, off ? "" : NULL);
}

static CURLcode prepare_connection(struct kenar_handle *handle, bool fresh)
{
    CURLcode failed = CURLE_OK;
    if (handle->found_dead) {
        failed = curl_easy_setopt(handle->easy, CURLOPT_FORBID_REUSE, 0L);
    }
    if (failed == CURLE_OK && handle->fresh != fresh) {
        failed = curl_easy_setopt(handle->easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
        handle->fresh = fresh;
    }
    handle->attempts = 0;
    handle->reused = handle->found_dead = false;
    return failed;
}

CURLcode kenar_handle_prepare(struct kenar_handle *handle, struct kenar_transfer *transfer,
                              const struct kenar_settings *settings)
{
    const struct kenar_request *request = &transfer->request;
    struct curl_slist *headers =
        kenar_header_list_lines(request->headers, kenar_request_size(request));
    CURL *easy = handle->easy;
    CURLcode failed;
    handle->transfer = transfer;
    handle->detail[0] = '\0';
    transfer->handle = handle;
    kenar_response_begin(&handle->response, request->max_body);
    failed = prepare_connection(handle, request->fresh);
    failed = failed ? failed : prepare_method(handle, request);
    failed = failed ? failed : prepare_url(handle, &request->url);
    failed = failed ? failed : curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    failed = failed ? failed : curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    failed = failed
                 ? failed
                 : curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
    if (failed == CURLE_OK && handle->proxy_off != request->target.loopback) {
        failed = prepare_proxy(handle, request->target.loopback, settings);
    }
    return failed;
}

bool kenar_handle_has_sent(const struct kenar_handle *handle)
{
    long bytes = 0;
    if (handle->attempts == 0 || handle->found_dead) {
        return false;
    }
    /* The bytes of the request that the socket has taken. With HTTP/2 the number counts buffered
     * bytes, so it proves nothing. */
    return handle->multiplexed ||
           curl_easy_getinfo(handle->easy, CURLINFO_REQUEST_SIZE, &bytes) != CURLE_OK || bytes > 0;
}

/* Returns the kind of failure. `*message` is for a person, and names nothing of the request but its
 * host. */
static enum kenar_failure classify(struct kenar_handle *handle, CURLcode code, const char **message)
{
    const struct kenar_upload *upload = handle->transfer->request.upload;
    enum kenar_failure failure;
    switch (handle->response.fault) {
    case KENAR_RESPONSE_TOO_LARGE:
        *message = "the answer is larger than allowed";
        return KENAR_FAILURE_TOO_LARGE;
    case KENAR_RESPONSE_NO_MEMORY:
        *message = "not enough memory for the answer";
        return KENAR_FAILURE_NETWORK;
    case KENAR_RESPONSE_NO_FAULT:
        break;
    }
    if (code == CURLE_OK && !handle->response.headers_ended) {
        /* libcurl treats a close within the headers as their end. */
        *message = "the answer ended within its headers";
        return KENAR_FAILURE_NETWORK;
    }
    if (upload != NULL && upload->fault != NULL) {
        *message = upload->fault;
        return KENAR_FAILURE_INVALID;
    }
    if (handle->found_dead || handle->attempts > 1) {
        *message =
            kenar_handle_has_sent(handle)
                ? "the connection closed before an answer came; the request was not repeated"
                : "the connection had died while it was idle; no byte of the request was sent";
        return KENAR_FAILURE_NETWORK;
    }
    *message = handle->detail[0] != '\0' ? handle->detail : curl_easy_strerror(code);
    failure = kenar_failure_of(code, handle->detail);
    /* libcurl reports a malformed answer with the codes of a malformed URL. */
    return failure == KENAR_FAILURE_INVALID && handle->attempts > 0 ? KENAR_FAILURE_NETWORK
                                                                    : failure;
}

void kenar_handle_read_result(struct kenar_handle *handle, CURLcode code)
{
    struct kenar_transfer *transfer = handle->transfer;
    transfer->status = 0;
    curl_easy_getinfo(handle->easy, CURLINFO_RESPONSE_CODE, &transfer->status);
    transfer->failure = classify(handle, code, &transfer->message);
    transfer->has_sent = transfer->failure == KENAR_FAILURE_NONE || kenar_handle_has_sent(handle);
    transfer->stale =
        handle->reused && !transfer->has_sent && transfer->failure == KENAR_FAILURE_NETWORK;
}
