/* One request as it arrives: target, header fields, body. Filled inside libmicrohttpd's callbacks,
 * so nothing here knows Lua; every size is bounded by libmicrohttpd's memory limit or by the
 * server's `max_body`. */
#ifndef KENAR_HTTPD_REQUEST_H
#define KENAR_HTTPD_REQUEST_H

#include "field.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* What the server itself answers with; the library renamed some of these between its versions. */
enum kenar_status {
    KENAR_STATUS_NONE = 0,
    KENAR_STATUS_BAD_REQUEST = 400,
    KENAR_STATUS_TIMEOUT = 408,
    KENAR_STATUS_TOO_LARGE = 413,
    KENAR_STATUS_HEADER_TOO_LARGE = 431,
    KENAR_STATUS_UNAVAILABLE = 503
};

/* libmicrohttpd gives each connection KENAR_CONNECTION_MEMORY bytes for the request line, the
 * header and the answer's header. It clears all of it after every request: twice as much costs half
 * a microsecond a request. The header, together with what the library notes of it, may take all but
 * KENAR_ANSWER_MEMORY; without that the answer could not be sent. */
enum { KENAR_CONNECTION_MEMORY = 16 * 1024, KENAR_ANSWER_MEMORY = 5 * 1024 };

/* All zero is an empty request. Its buffers are kept for the next one. */
struct kenar_request {
    const char *method;
    char *target; /* path and query, percent-encoded as sent */
    size_t target_length, target_capacity;
    struct kenar_field *fields;
    size_t field_count, field_capacity;
    char *body;
    size_t body_length, body_capacity;
    bool has_repeated;
};

/* A part of the target; `bytes` is NULL when there is none. */
struct kenar_slice {
    const char *bytes;
    size_t length;
};

/* Forget the last request and copy the target of the next one. False when memory is short. */
bool kenar_request_start(struct kenar_request *request, const char *target);

/* Take the header fields and judge them. Returns KENAR_STATUS_NONE, or the status to refuse the
 * request with: 400 for a malformed target or field and for a body whose length can be understood
 * in two ways (Content-Length twice, Content-Length beside Transfer-Encoding, a coding other than
 * "chunked"); 431 when the header would leave too little memory for the answer's; 413 when
 * Content-Length is beyond `max_body`; 503 when memory is short. */
enum kenar_status kenar_request_take_header(struct kenar_request *request,
                                            struct MHD_Connection *mhd, const char *method,
                                            const char *version, size_t max_body);

/* Append to the body. Returns KENAR_STATUS_NONE, 413 when it would pass `max_body`, or 503 when
 * memory is short. */
enum kenar_status kenar_request_take_body(struct kenar_request *request, const char *bytes,
                                          size_t count, size_t max_body);

/* The path: without the query and, in the absolute form, without scheme and authority. */
struct kenar_slice kenar_request_path(const struct kenar_request *request);

/* What follows the first `?`. */
struct kenar_slice kenar_request_query(const struct kenar_request *request);

/* Give back a large body that nobody needs any more: it must not stay with the connection. */
void kenar_request_trim(struct kenar_request *request);

/* Free the buffers; the request is empty and can be used again. */
void kenar_request_free(struct kenar_request *request);

#endif
