/* An incremental parser for one HTTP/1.1 answer. No I/O.
 *
 * Interim answers (1xx) are skipped. A body ends by Content-Length, by its last chunk, or with the
 * connection. Answers to HEAD, 204 and 304 have no body. */
#ifndef KENAR_HTTP_RESPONSE_H
#define KENAR_HTTP_RESPONSE_H

#include "http/line.h"
#include "text/buffer.h"

enum kenar_http_progress { KENAR_HTTP_MORE, KENAR_HTTP_DONE, KENAR_HTTP_FAILED };

enum kenar_http_fault {
    KENAR_HTTP_NO_FAULT,
    KENAR_HTTP_MALFORMED,
    KENAR_HTTP_TOO_LARGE,
    KENAR_HTTP_TRUNCATED, /* the connection ended before the answer was complete */
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

/* Zeroed before the first kenar_http_response_begin. */
struct kenar_http_response {
    struct kenar_buffer fields; /* headers for kenar_http_next_field, without trailers */
    struct kenar_buffer body;
    struct kenar_buffer line; /* an incomplete line */
    size_t max_head, max_body, head_length;
    uint64_t left; /* missing bytes of the body or chunk */
    const char *message;
    enum kenar_http_fault fault;
    enum kenar_http_state state;
    int status;
    bool is_to_head, is_1_1, has_close, is_chunked, has_encoding, has_length, has_surplus;
};

/* Prepares for the next answer. `max_body` limits the body. `max_head` limits all status and header
 * lines together, including interim answers and trailers. Both are in bytes. `is_to_head`: the
 * request was HEAD. */
void kenar_http_response_begin(struct kenar_http_response *response, size_t max_head,
                               size_t max_body, bool is_to_head);

/* Frees the memory. May be called again. */
void kenar_http_response_free(struct kenar_http_response *response);

/* Parses the next bytes. On failure `fault` and `message` have the reason, and every later call
 * fails too. */
enum kenar_http_progress kenar_http_response_feed(struct kenar_http_response *response,
                                                  const char *bytes, size_t length);

/* Ends the answer, because the connection has ended. A body without a known length is then
 * complete; any other incomplete answer fails. */
enum kenar_http_progress kenar_http_response_end(struct kenar_http_response *response);

/* The status, or 0 before its line was read. */
int kenar_http_response_status(const struct kenar_http_response *response);

/* Whether the connection can carry another request: the answer is complete with a known end, no
 * bytes followed it, and it has no `Connection: close`. */
bool kenar_http_response_keeps_alive(const struct kenar_http_response *response);

/* Reads the field at `*cursor`, which starts at 0, and advances the cursor. `fields` is a sequence
 * of name NUL value NUL with names in lower case. False after the last field, and for an incomplete
 * one. */
bool kenar_http_next_field(const char *fields, size_t length, size_t *cursor,
                           struct kenar_http_field *field);

#endif
