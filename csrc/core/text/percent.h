/* Percent-encoding of one part of a URL (RFC 3986). */
#ifndef KENAR_TEXT_PERCENT_H
#define KENAR_TEXT_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether encoding would change nothing. */
bool kenar_percent_is_plain(const char *bytes, size_t length);

/* Keep letters, digits and -._~ as they are and write every other byte as %XX. `out` has room for 3
 * * length. */
size_t kenar_percent_encode(const char *bytes, size_t length, char *out);

/* The reverse; `out` has room for `length`. False when a % has no two hexadecimal digits behind it.
 */
bool kenar_percent_decode(const char *text, size_t length, char *out, size_t *out_length);

#endif
