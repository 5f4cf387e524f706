/* Feeds arbitrary bytes to the parser of HTTP answers. It must not crash or exceed its limits, and
 * its result must not depend on how the bytes are cut. The first byte chooses the request's method,
 * whether the connection ends, the size of the pieces, and the beginning. */
#include "http/response.h"

#include <stdlib.h>

enum { MAX_HEAD = 512, MAX_BODY = 256 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Feeds a copy, so that the sanitizer detects a read beyond the piece. */
static enum kenar_http_progress feed(struct kenar_http_response *response, const uint8_t *bytes,
                                     size_t length)
{
    char *piece = malloc(length > 0 ? length : 1);
    check(piece != NULL);
    if (length > 0)
        memcpy(piece, bytes, length);
    const enum kenar_http_progress progress = kenar_http_response_feed(response, piece, length);
    free(piece);
    return progress;
}

/* Feeds a valid beginning, so that the fuzzer reaches later states sooner. */
static void begin(struct kenar_http_response *response, bool is_to_head, unsigned beginning)
{
    static const char *const beginnings[] = {
        "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"};
    const char *bytes = beginnings[beginning];
    kenar_http_response_begin(response, MAX_HEAD, MAX_BODY, is_to_head);
    check(kenar_http_response_feed(response, bytes, strlen(bytes)) != KENAR_HTTP_FAILED);
}

static void check_fields(const struct kenar_http_response *a, const struct kenar_http_response *b)
{
    struct kenar_http_field field;
    size_t cursor = 0;
    check(a->fields.length == b->fields.length);
    check(a->fields.length == 0 || memcmp(a->fields.data, b->fields.data, a->fields.length) == 0);
    while (kenar_http_next_field(a->fields.data, a->fields.length, &cursor, &field)) {
        check(field.name_length > 0 && field.value_length == strlen(field.value));
        check(strpbrk(field.value, "\r\n") == NULL);
    }
    check(cursor == a->fields.length && a->fields.length <= MAX_HEAD);
}

static void check_same(const struct kenar_http_response *a, const struct kenar_http_response *b)
{
    check(a->status == b->status && a->fault == b->fault && a->message == b->message);
    check(kenar_http_response_keeps_alive(a) == kenar_http_response_keeps_alive(b));
    check_fields(a, b);
    check(a->body.length <= MAX_BODY && b->body.length <= MAX_BODY);
    /* The kept part of a body that is too large depends on the pieces. */
    if (a->fault == KENAR_HTTP_TOO_LARGE)
        return;
    check(a->body.length == b->body.length);
    check(a->body.length == 0 || memcmp(a->body.data, b->body.data, a->body.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kenar_http_response whole = {0}, pieces = {0};
    if (size == 0)
        return 0;
    const bool is_to_head = data[0] & 1, has_ended = data[0] & 2;
    const size_t step = (size_t)(data[0] >> 4) + 1;
    const unsigned beginning = data[0] >> 2 & 3;
    data++;
    size--;
    begin(&whole, is_to_head, beginning);
    begin(&pieces, is_to_head, beginning);
    enum kenar_http_progress progress = feed(&whole, data, size), other = feed(&pieces, data, 0);
    for (size_t at = 0; at < size; at += step)
        other = feed(&pieces, data + at, size - at < step ? size - at : step);
    if (has_ended) {
        progress = kenar_http_response_end(&whole);
        other = kenar_http_response_end(&pieces);
        check(progress != KENAR_HTTP_MORE);
    }
    check(progress == other);
    check((progress == KENAR_HTTP_FAILED) == (whole.message != NULL));
    check_same(&whole, &pieces);
    kenar_http_response_free(&whole);
    kenar_http_response_free(&pieces);
    return 0;
}
