/* SHA-256 (FIPS 180-4) of a whole string. */
#ifndef KENAR_HASH_SHA256_H
#define KENAR_HASH_SHA256_H

#include <stddef.h>

#define KENAR_SHA256_LENGTH 32

/* Writes the digest of `length` bytes to `out`. */
void kenar_sha256(const char *bytes, size_t length, unsigned char out[KENAR_SHA256_LENGTH]);

#endif
