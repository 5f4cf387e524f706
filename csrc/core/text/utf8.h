/* UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef KENAR_TEXT_UTF8_H
#define KENAR_TEXT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length (2 to 4) of the well-formed multibyte sequence at `bytes`, or 0 if there is none.
 * `available` bytes are readable. */
size_t kenar_utf8_sequence(const unsigned char *bytes, size_t available);

/* The length of the well-formed prefix: `count` if all bytes are well-formed. */
size_t kenar_utf8_valid_prefix(const char *bytes, size_t count);

/* Writes a scalar value, which must not be a surrogate. Returns its length, 1 to 4. */
size_t kenar_utf8_encode(uint32_t scalar, char out[4]);

#endif
