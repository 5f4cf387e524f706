/* JSON's scalars as text, appended to a buffer. */
#ifndef KENAR_JSON_WRITE_H
#define KENAR_JSON_WRITE_H

#include "text/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `*bad_offset` after a failure that was for want of memory. */
#define KENAR_JSON_NO_MEMORY SIZE_MAX

/* Append `s` as a JSON string: quoted, with `"`, `\` and control characters escaped and the rest as
 * it is. False when the bytes are not UTF-8 (`*bad_offset` is the first wrong one, from 0) or
 * memory is short (KENAR_JSON_NO_MEMORY); the buffer may then hold a part of it. */
bool kenar_json_write_string(struct kenar_buffer *buffer, const char *s, size_t count,
                             size_t *bad_offset);

/* False when memory is short. */
bool kenar_json_write_integer(struct kenar_buffer *buffer, int64_t value);

/* The shortest digits that read back to the same number. False when memory is short; NaN and
 * infinity have no JSON form and must be refused by the caller. */
bool kenar_json_write_double(struct kenar_buffer *buffer, double value);

#endif
