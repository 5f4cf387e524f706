/* Answers: a draft that is checked piece by piece, and the libmicrohttpd response made of it. */
#ifndef KENAR_HTTPD_RESPONSE_H
#define KENAR_HTTPD_RESPONSE_H

#include "request.h"
#include "stream.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

enum kenar_draft_fault {
    KENAR_DRAFT_OK,
    KENAR_DRAFT_BAD_NAME,  /* not a field name */
    KENAR_DRAFT_BAD_VALUE, /* holds CR, LF or a zero byte */
    KENAR_DRAFT_TOO_LONG,  /* all fields together are more than KENAR_ANSWER_FIELDS_MAX bytes */
    KENAR_DRAFT_NO_MEMORY
};

/* Fits into KENAR_ANSWER_MEMORY beside the status line and the fields of the server. */
enum { KENAR_ANSWER_FIELDS_MAX = 3 * 1024 };

/* All zero is an empty draft. */
struct kenar_draft {
    char *bytes; /* "name\0value\0" for each field, then, when it is short, the body */
    size_t length, capacity;
    size_t fields_length;
    bool close; /* the connection ends with this answer */
};

/* A response that several connections may hold before it is queued: the library counts only those
 * that it was given. */
struct kenar_response {
    struct MHD_Response *mhd;
    size_t holders;
};

/* The last response is kept: a bot answers most webhooks with the same bytes, and making a response
 * anew costs a dozen allocations. All zero is empty. */
struct kenar_response_cache {
    struct kenar_draft draft;
    struct kenar_response *response;
};

/* Begin a new draft in the memory of the last. */
void kenar_draft_start(struct kenar_draft *draft);

/* Add a field. Passed over are those that belong to the server (Content-Length, Transfer-Encoding,
 * Keep-Alive, Connection other than "close") and empty values, which the library cannot send. */
enum kenar_draft_fault kenar_draft_add_field(struct kenar_draft *draft, const char *name,
                                             size_t name_length, const char *value,
                                             size_t value_length);

void kenar_draft_free(struct kenar_draft *draft);

/* The response for a draft and a body, which is copied. The caller holds it and drops it with
 * kenar_response_drop. NULL when memory is short. */
struct kenar_response *kenar_response_make(struct kenar_response_cache *cache,
                                           struct kenar_draft *draft, const char *body,
                                           size_t body_length);

/* The same for an answer that breaks off: it announces the whole body, and its connection is closed
 * after the first `cut` bytes. `cut` is less than `body_length`. */
struct kenar_response *kenar_response_make_cut(const struct kenar_draft *draft, const char *body,
                                               size_t body_length, size_t cut);

/* The same for an answer whose bytes `stream` has. */
struct kenar_response *kenar_response_make_stream(const struct kenar_draft *draft,
                                                  struct kenar_stream *stream);

void kenar_response_drop(struct kenar_response *response);

void kenar_response_cache_free(struct kenar_response_cache *cache);

/* The bytes of an answer of the server's own: without a body, and ending the connection. */
const char *kenar_response_last_words(enum kenar_status status);

#endif
