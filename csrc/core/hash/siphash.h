/* SipHash-2-4 with a result of 128 bits: a hash whose collisions nobody can prepare who does not
 * know the secret (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). Pure C. */
#ifndef KENAR_HASH_SIPHASH_H
#define KENAR_HASH_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { KENAR_SIPHASH_SECRET = 16 };

/* The first eight bytes of the result, and the last eight, each read with the lowest byte first. */
struct kenar_siphash {
    uint64_t first, second;
};

struct kenar_siphash kenar_siphash(const unsigned char secret[KENAR_SIPHASH_SECRET],
                                   const void *bytes, size_t length);

#endif
