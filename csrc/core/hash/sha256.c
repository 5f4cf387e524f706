#include "hash/sha256.h"

#include <stdint.h>
#include <string.h>

#define BLOCK_LENGTH 64

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned count)
{
    return word >> count | word << (32 - count);
}

static uint32_t read_word(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void add_block(uint32_t hash[8], const unsigned char block[BLOCK_LENGTH])
{
    uint32_t schedule[64];
    for (size_t i = 0; i < 16; i++)
        schedule[i] = read_word(block + 4 * i);
    for (size_t i = 16; i < 64; i++) {
        uint32_t early = schedule[i - 15];
        uint32_t late = schedule[i - 2];
        schedule[i] = schedule[i - 16] + schedule[i - 7] +
                      (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) +
                      (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
    }
    uint32_t s[8]; /* a to h in the standard */
    memcpy(s, hash, sizeof s);
    for (size_t i = 0; i < 64; i++) {
        uint32_t first = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
                         ((s[4] & s[5]) ^ (~s[4] & s[6])) + round_constants[i] + schedule[i];
        uint32_t second = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
                          ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += first;
        s[0] = first + second;
    }
    for (size_t i = 0; i < 8; i++)
        hash[i] += s[i];
}

/* Adds the bytes after the last whole block, a 1 bit, zeros, and the length in bits. */
static void add_padding(uint32_t hash[8], const char *rest, size_t rest_length, uint64_t bits)
{
    unsigned char blocks[2 * BLOCK_LENGTH] = {0};
    size_t length = rest_length < BLOCK_LENGTH - 8 ? BLOCK_LENGTH : 2 * BLOCK_LENGTH;
    if (rest_length > 0)
        memcpy(blocks, rest, rest_length);
    blocks[rest_length] = 0x80;
    for (size_t i = 0; i < 8; i++)
        blocks[length - 1 - i] = (unsigned char)(bits >> (8 * i));
    for (size_t at = 0; at < length; at += BLOCK_LENGTH)
        add_block(hash, blocks + at);
}

void kenar_sha256(const char *bytes, size_t length, unsigned char out[KENAR_SHA256_LENGTH])
{
    /* The first 32 bits of the fractional parts of the square roots of the first 8 primes. */
    uint32_t hash[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    size_t whole = length - length % BLOCK_LENGTH;
    for (size_t at = 0; at < whole; at += BLOCK_LENGTH)
        add_block(hash, (const unsigned char *)bytes + at);
    add_padding(hash, bytes + whole, length - whole, (uint64_t)length * 8);
    for (size_t i = 0; i < KENAR_SHA256_LENGTH; i++)
        out[i] = (unsigned char)(hash[i / 4] >> (24 - 8 * (i % 4)));
}
