/* Appends JSON strings and numbers to a buffer. */
#ifndef KENAR_JSON_WRITE_H
#define KENAR_JSON_WRITE_H

#include "text/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of `*bad_offset` if memory is short. */
#define KENAR_JSON_NO_MEMORY SIZE_MAX

/* Appends `s` as a JSON string. Escapes `"`, `\` and control characters only. False if the bytes
 * are not UTF-8 (`*bad_offset` is the first invalid byte, from 0) or memory is short
 * (KENAR_JSON_NO_MEMORY). The buffer may then have a part of the string. */
bool kenar_json_write_string(struct kenar_buffer *buffer, const char *s, size_t count,
                             size_t *bad_offset);

/* False if memory is short. */
bool kenar_json_write_integer(struct kenar_buffer *buffer, int64_t value);

/* Appends the shortest digits that read back to the same number. The caller must refuse NaN and
 * infinity, which have no JSON form. False if memory is short. */
bool kenar_json_write_double(struct kenar_buffer *buffer, double value);

#endif
