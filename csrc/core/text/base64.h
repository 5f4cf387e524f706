/* Base64 with padding (RFC 4648), in the standard alphabet or in the alphabet for URLs. */
#ifndef KENAR_TEXT_BASE64_H
#define KENAR_TEXT_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* The number of characters for `length` bytes. */
size_t kenar_base64_encoded_length(size_t length);

/* Encodes to `out`, which has room for kenar_base64_encoded_length(length) characters. */
void kenar_base64_encode(const char *bytes, size_t length, bool for_urls, char *out);

/* Decodes either alphabet, with or without padding, to `out`, which has room for `length` bytes.
 * False for white space, any other character, a single character at the end, or leftover bits that
 * are not zero. */
bool kenar_base64_decode(const char *text, size_t length, char *out, size_t *out_length);

#endif
