/* UTF-8 as Unicode 15, table 3-7 has it: no overlong forms, no surrogates, nothing past U+10FFFF.
 */
#ifndef KENAR_TEXT_UTF8_H
#define KENAR_TEXT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length (2 to 4) of the well-formed sequence of several bytes that begins at `bytes`, of which
 * `available` may be read; 0 when there is none. */
size_t kenar_utf8_sequence(const unsigned char *bytes, size_t available);

/* How many bytes at the front of `bytes` are well-formed: `count` when all are. */
size_t kenar_utf8_valid_prefix(const char *bytes, size_t count);

/* Write a scalar value (never a surrogate) and return its length, 1 to 4. */
size_t kenar_utf8_encode(uint32_t scalar, char out[4]);

#endif
