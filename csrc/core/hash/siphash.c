#include "hash/siphash.h"

enum { ROUNDS_EACH_WORD = 2, ROUNDS_AT_END = 4 };

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

/* Reads up to eight bytes as a little-endian number. */
static uint64_t read_word(const unsigned char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static void run_rounds(struct state *s, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 = rotate(s->v2, 32);
    }
}

static void compress(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    run_rounds(s, ROUNDS_EACH_WORD);
    s->v0 ^= word;
}

static uint64_t finalize(struct state *s)
{
    run_rounds(s, ROUNDS_AT_END);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

struct kenar_siphash kenar_siphash(const unsigned char secret[KENAR_SIPHASH_SECRET],
                                   const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    const uint64_t low = read_word(secret, 8), high = read_word(secret + 8, 8);
    struct state s = {
        .v0 = low ^ UINT64_C(0x736f6d6570736575),
        .v1 = high ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
        .v2 = low ^ UINT64_C(0x6c7967656e657261),
        .v3 = high ^ UINT64_C(0x7465646279746573),
    };
    size_t left = length;
    for (; left >= 8; left -= 8, at += 8)
        compress(&s, read_word(at, 8));
    compress(&s, read_word(at, left) | (uint64_t)length << 56);

    struct kenar_siphash result;
    s.v2 ^= 0xee;
    result.first = finalize(&s);
    s.v1 ^= 0xdd;
    result.second = finalize(&s);
    return result;
}
