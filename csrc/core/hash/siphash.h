/* SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein, "SipHash: a fast short-input
 * PRF"). Collisions cannot be prepared without the secret. Pure C. */
#ifndef KENAR_HASH_SIPHASH_H
#define KENAR_HASH_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { KENAR_SIPHASH_SECRET = 16 };

/* The first and the last eight bytes of the result, read as little-endian numbers. */
struct kenar_siphash {
    uint64_t first, second;
};

/* Hashes `length` bytes under a secret. */
struct kenar_siphash kenar_siphash(const unsigned char secret[KENAR_SIPHASH_SECRET],
                                   const void *bytes, size_t length);

#endif
