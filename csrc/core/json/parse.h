/* Parses JSON text to a tape. Accepts exactly RFC 8259, but no repeated keys in an object. Pure
 * C. */
#ifndef KENAR_JSON_PARSE_H
#define KENAR_JSON_PARSE_H

#include "json/tape.h"

struct kenar_json_error {
    const char *message; /* a literal; NULL if memory was short */
    size_t
        offset; /* from 0: the first invalid byte, or the document's length if bytes are missing */
};

/* Parses `count` bytes. `bytes[count]` must be a readable NUL, as in a Lua string; an earlier NUL
 * is a syntax error. `max_depth` limits the open containers. Documents longer than
 * KENAR_JSON_LARGEST_DOCUMENT are refused. The tape refers to `bytes` afterwards.
 *
 * Integers of up to 64 bits are exact. `-0` and all other numbers become the nearest double. A
 * number too large for a double is refused. */
bool kenar_json_parse(struct kenar_json_tape *tape, const char *bytes, size_t count,
                      unsigned max_depth, struct kenar_json_error *error);

#endif
