/* One HTTP/1.1 answer, read from the bytes of a connection as they come. No I/O.
 *
 * Interim answers (1xx) are skipped. A body has the length that Content-Length says, comes in
 * chunks, or lasts until the connection ends; answers to HEAD, 204 and 304 have none. */
#ifndef KENAR_HTTP_RESPONSE_H
#define KENAR_HTTP_RESPONSE_H

#include "http/line.h"
#include "text/buffer.h"

enum kenar_http_progress { KENAR_HTTP_MORE, KENAR_HTTP_DONE, KENAR_HTTP_FAILED };

enum kenar_http_fault {
    KENAR_HTTP_FINE,
    KENAR_HTTP_MALFORMED,
    KENAR_HTTP_TOO_LARGE,
    KENAR_HTTP_CUT, /* the connection ended in the middle */
    KENAR_HTTP_NO_MEMORY
};

enum kenar_http_state {
    KENAR_HTTP_IN_STATUS,
    KENAR_HTTP_IN_FIELDS,
    KENAR_HTTP_IN_BODY,
    KENAR_HTTP_UNTIL_END,
    KENAR_HTTP_IN_CHUNK_SIZE,
    KENAR_HTTP_IN_CHUNK,
    KENAR_HTTP_AFTER_CHUNK,
    KENAR_HTTP_IN_TRAILERS,
    KENAR_HTTP_AT_END,
    KENAR_HTTP_BROKEN
};

/* All zero before the first `begin`. */
struct kenar_http_response {
    struct kenar_buffer fields; /* for kenar_http_next_field; trailers are not among them */
    struct kenar_buffer body;
    struct kenar_buffer line; /* one that has not come whole */
    size_t max_head, max_body, head_length;
    uint64_t left; /* bytes of the body or of the chunk that are still to come */
    const char *message;
    enum kenar_http_fault fault;
    enum kenar_http_state state;
    int status;
    bool is_to_head, is_1_1, says_close, is_chunked, has_encoding, has_length, has_surplus;
};

/* Ready for the next answer. `max_body` and `max_head` (all status and header lines, those of
 * interim answers and trailers too) are in bytes; `is_to_head`: it answers a HEAD request. */
void kenar_http_response_begin(struct kenar_http_response *response, size_t max_head,
                               size_t max_body, bool is_to_head);

void kenar_http_response_free(struct kenar_http_response *response);

/* Takes the next bytes. On failure `fault` and `message` say why, and every later call fails, too.
 */
enum kenar_http_progress kenar_http_response_feed(struct kenar_http_response *response,
                                                  const char *bytes, size_t length);

/* The connection has ended: a body without a known length is complete now, anything else is cut. */
enum kenar_http_progress kenar_http_response_end(struct kenar_http_response *response);

/* The status as soon as its line was read; 0 before. */
int kenar_http_response_status(const struct kenar_http_response *response);

/* Whether the connection may carry another request: only a complete answer with a known end, after
 * which nothing came, and without `Connection: close`. */
bool kenar_http_response_keeps(const struct kenar_http_response *response);

/* The next of an answer's fields, which stand as name NUL value NUL, names in lower case. `*cursor`
 * starts as 0. False after the last one, and for what is cut. */
bool kenar_http_next_field(const char *fields, size_t length, size_t *cursor,
                           struct kenar_http_field *field);

#endif
