/* The lines of an HTTP/1.1 answer (RFC 9112), one at a time and without their line ends. Strict:
 * what two readers could take for two things is refused. */
#ifndef KENAR_HTTP_LINE_H
#define KENAR_HTTP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kenar_http_field {
    const char *name;
    size_t name_length;
    const char *value; /* without blanks around it */
    size_t value_length;
};

/* `HTTP/1.x 200 Reason`: the status (100 to 999), and whether x is above 0. */
bool kenar_http_read_status(const char *line, size_t length, int *status, bool *is_1_1);

/* `Name: value`. A line that goes on from the one before (obs-fold), a blank before the colon and
 * control characters are refused. */
bool kenar_http_read_field(const char *line, size_t length, struct kenar_http_field *field);

/* A Content-Length: digits and nothing else, at most 2^63 - 1. */
bool kenar_http_read_length(const char *value, size_t length, uint64_t *number);

/* The line before a chunk: its size in hexadecimal, below 2^60, and extensions, which mean nothing
 * here. */
bool kenar_http_read_chunk_size(const char *line, size_t length, uint64_t *size);

/* Whether a comma-separated list has this token, which is given in lower case. */
bool kenar_http_has_token(const char *list, size_t length, const char *token);

/* Whether the text is this word, which is given in lower case. */
bool kenar_http_is(const char *text, size_t length, const char *word);

/* A to Z as a to z, any other byte as it is. */
static inline char kenar_http_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#endif
