/* One answer as it arrives: its header lines as they came, its body, and why collecting had to
 * stop. */
#ifndef KENAR_CURL_RESPONSE_H
#define KENAR_CURL_RESPONSE_H

#include "bytes.h"
#include <stdbool.h>
#include <stddef.h>

enum kenar_response_fault {
    KENAR_RESPONSE_FINE,
    KENAR_RESPONSE_TOO_LARGE,
    KENAR_RESPONSE_NO_MEMORY
};

struct kenar_response {
    struct kenar_bytes headers; /* of the last answer: a 1xx before it is dropped */
    struct kenar_bytes body;
    size_t max_body;
    bool headers_ended;
    enum kenar_response_fault fault;
};

/* Ready for the next answer, whose body may have `max_body` bytes. */
void kenar_response_begin(struct kenar_response *response, size_t max_body);

void kenar_response_free(struct kenar_response *response);

/* Takes one header line with its line end. False stops the transfer; `fault` says why. */
bool kenar_response_header_line(struct kenar_response *response, const char *line, size_t length);

/* Takes a piece of the body. False stops the transfer. */
bool kenar_response_body_piece(struct kenar_response *response, const char *piece, size_t length);

struct kenar_header_field {
    const char *name;
    size_t name_length;
    const char *value; /* without blanks around it */
    size_t value_length;
};

/* The field of header lines at `*cursor`, which starts as 0, and moves it on. False after the last
 * one. */
bool kenar_response_next_field(const char *lines, size_t length, size_t *cursor,
                               struct kenar_header_field *field);

#endif
