/* Answers: a draft that is checked piece by piece, and the libmicrohttpd response made of it. */
#ifndef KENAR_HTTPD_RESPONSE_H
#define KENAR_HTTPD_RESPONSE_H

#include "request.h"
#include "stream.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

enum draft_fault {
    DRAFT_OK,
    DRAFT_BAD_NAME,  /* not a field name */
    DRAFT_BAD_VALUE, /* holds CR, LF or a zero byte */
    DRAFT_TOO_LONG,  /* all fields together are more than ANSWER_FIELDS_MAX bytes */
    DRAFT_NO_MEMORY
};

/* Fits into ANSWER_MEMORY beside the status line and the fields of the server. */
enum { ANSWER_FIELDS_MAX = 3 * 1024 };

/* All zero is an empty draft. */
struct draft {
    char *bytes; /* "name\0value\0" for each field, then, when it is short, the body */
    size_t length, capacity;
    size_t fields_length;
    bool close; /* the connection ends with this answer */
};

/* A response that several connections may hold before it is queued: the library counts only those
 * that it was given. */
struct response {
    struct MHD_Response *mhd;
    size_t holders;
};

/* The last response is kept: a bot answers most webhooks with the same bytes, and making a response
 * anew costs a dozen allocations. All zero is empty. */
struct response_cache {
    struct draft draft;
    struct response *response;
};

/* Begin a new draft in the memory of the last. */
void draft_start(struct draft *draft);

/* Add a field. Passed over are those that belong to the server (Content-Length, Transfer-Encoding,
 * Keep-Alive, Connection other than "close") and empty values, which the library cannot send. */
enum draft_fault draft_add_field(struct draft *draft, const char *name, size_t name_length,
                                 const char *value, size_t value_length);

void draft_free(struct draft *draft);

/* The response for a draft and a body, which is copied. The caller holds it and drops it with
 * response_drop. NULL when memory is short. */
struct response *response_make(struct response_cache *cache, struct draft *draft, const char *body,
                               size_t body_length);

/* The same for an answer that breaks off: it announces the whole body, and its connection is closed
 * after the first `cut` bytes. `cut` is less than `body_length`. */
struct response *response_make_cut(const struct draft *draft, const char *body, size_t body_length,
                                   size_t cut);

/* The same for an answer whose bytes `stream` has. */
struct response *response_make_stream(const struct draft *draft, struct stream *stream);

void response_drop(struct response *response);

void response_cache_free(struct response_cache *cache);

/* The bytes of an answer of the server's own: without a body, and ending the connection. */
const char *response_last_words(enum status status);

#endif
