/* An answer while it arrives: header lines, body, and the fault that stopped it. */
#ifndef KENAR_CURL_RESPONSE_H
#define KENAR_CURL_RESPONSE_H

#include "bytes.h"
#include <stdbool.h>
#include <stddef.h>

enum kenar_response_fault {
    KENAR_RESPONSE_NO_FAULT,
    KENAR_RESPONSE_TOO_LARGE,
    KENAR_RESPONSE_NO_MEMORY
};

struct kenar_response {
    struct kenar_bytes headers; /* of the final answer, without those of 1xx answers */
    struct kenar_bytes body;
    size_t max_body;
    bool headers_ended;
    enum kenar_response_fault fault;
};

/* Prepares for the next answer. `max_body` is its limit in bytes. */
void kenar_response_begin(struct kenar_response *response, size_t max_body);

/* Frees the memory. */
void kenar_response_free(struct kenar_response *response);

/* Adds one header line with its line end. False stops the transfer; `fault` has the reason. All
 * lines together may have 128 KiB. */
bool kenar_response_header_line(struct kenar_response *response, const char *line, size_t length);

/* Adds a piece of the body. False stops the transfer; `fault` has the reason. */
bool kenar_response_body_piece(struct kenar_response *response, const char *piece, size_t length);

struct kenar_header_field {
    const char *name;
    size_t name_length;
    const char *value; /* without surrounding blanks */
    size_t value_length;
};

/* Reads the field at `*cursor`, which starts at 0, and advances the cursor. False after the last
 * field. */
bool kenar_response_next_field(const char *lines, size_t length, size_t *cursor,
                               struct kenar_header_field *field);

#endif
