/* Base64 with padding, as RFC 4648 has it: the standard alphabet, or the one for URLs. */
#ifndef KENAR_TEXT_BASE64_H
#define KENAR_TEXT_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* How many characters `length` bytes take. */
size_t kenar_base64_encoded_length(size_t length);

/* Write them to `out`, which has room for kenar_base64_encoded_length(length). */
void kenar_base64_encode(const char *bytes, size_t length, bool for_urls, char *out);

/* Read either alphabet, with or without padding, into `out`, which has room for `length` bytes.
 * False for anything else: white space, a lone character, bits that no encoder leaves behind. */
bool kenar_base64_decode(const char *text, size_t length, char *out, size_t *out_length);

#endif
