/* Percent-encoding for one component of a URL (RFC 3986). */
#ifndef KENAR_TEXT_PERCENT_H
#define KENAR_TEXT_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether encoding would leave the bytes unchanged. */
bool kenar_percent_is_plain(const char *bytes, size_t length);

/* Encodes every byte except letters, digits and -._~ as %XX. `out` has room for 3 * length bytes.
 * Returns the encoded length. */
size_t kenar_percent_encode(const char *bytes, size_t length, char *out);

/* Decodes to `out`, which has room for `length` bytes. False if a % is not followed by two
 * hexadecimal digits. */
bool kenar_percent_decode(const char *text, size_t length, char *out, size_t *out_length);

#endif
