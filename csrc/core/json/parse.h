/* JSON text to a tape: RFC 8259, nothing more and nothing less, and no two keys the same in one
 * object. Pure C. */
#ifndef KENAR_JSON_PARSE_H
#define KENAR_JSON_PARSE_H

#include "json/tape.h"

struct kenar_json_mistake {
    const char *message; /* a literal; NULL when memory was short */
    size_t
        offset; /* of the first byte that does not fit, from 0; the length when bytes are missing */
};

/* `bytes[count]` must be a NUL that can be read, as in a Lua string; NULs before it are an error in
 * the text like any other. At most `max_depth` containers may be open at once. The tape refers to
 * `bytes` afterwards. A document longer than KENAR_JSON_LARGEST_DOCUMENT is refused.
 *
 * Integers of 64 bits are kept exactly; `-0`, and numbers with a fraction, an exponent or more
 * digits become the nearest double; one too large for a double is refused. */
bool kenar_json_parse(struct kenar_json_tape *tape, const char *bytes, size_t count,
                      unsigned max_depth, struct kenar_json_mistake *mistake);

#endif
