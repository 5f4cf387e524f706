/* Parses the lines of an HTTP/1.1 answer (RFC 9112), one at a time and without their line ends. A
 * line that two parsers could read differently is refused. */
#ifndef KENAR_HTTP_LINE_H
#define KENAR_HTTP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kenar_http_field {
    const char *name;
    size_t name_length;
    const char *value; /* without surrounding blanks */
    size_t value_length;
};

/* Reads `HTTP/1.x 200 Reason`. The status is 100 to 999; `*is_1_1` is true if x is above 0. */
bool kenar_http_read_status(const char *line, size_t length, int *status, bool *is_1_1);

/* Reads `Name: value`. False for a continuation line (obs-fold), a blank before the colon, or a
 * control character. */
bool kenar_http_read_field(const char *line, size_t length, struct kenar_http_field *field);

/* Reads a Content-Length: digits only, at most 2^63 - 1. */
bool kenar_http_read_length(const char *value, size_t length, uint64_t *number);

/* Reads the line before a chunk: its size in hexadecimal, below 2^60. Extensions are ignored. */
bool kenar_http_read_chunk_size(const char *line, size_t length, uint64_t *size);

/* Whether a comma-separated list contains the token, ignoring case. `token` is in lower case. */
bool kenar_http_has_token(const char *list, size_t length, const char *token);

/* Whether the text equals the word, ignoring case. `word` is in lower case. */
bool kenar_http_is(const char *text, size_t length, const char *word);

/* The lower-case form of A to Z. Other bytes are returned unchanged. */
static inline char kenar_http_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#endif
