/* A text of up to 16 bytes in two words, for hashing and comparison without a loop. */
#ifndef KENAR_TEXT_SHORT_H
#define KENAR_TEXT_SHORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { KENAR_SHORT_TEXT = 16 };

/* The bytes, filled up with zeros. Two texts of the same length are equal if both words are
 * equal. */
struct kenar_short_text {
    uint64_t low, high;
};

/* Loads `length` bytes, at most KENAR_SHORT_TEXT. `available` bytes, at least `length`, must be
 * readable. */
static inline struct kenar_short_text kenar_short_text_load(const char *bytes, size_t length,
                                                            size_t available)
{
    /* A load from 16 - length on is a mask for the bytes of the text. */
    static const unsigned char window[2 * KENAR_SHORT_TEXT] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                               0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                               0xFF, 0xFF, 0xFF, 0xFF};
    struct kenar_short_text text = {0, 0}, mask;
    if (available < KENAR_SHORT_TEXT) {
        memcpy(&text, bytes, length);
        return text;
    }
    memcpy(&text, bytes, sizeof text);
    memcpy(&mask, window + KENAR_SHORT_TEXT - length, sizeof mask);
    text.low &= mask.low;
    text.high &= mask.high;
    return text;
}

static inline bool kenar_short_text_equal(struct kenar_short_text a, struct kenar_short_text b)
{
    return a.low == b.low && a.high == b.high;
}

/* Mixes a text into a running hash. */
static inline uint64_t kenar_short_text_mix(uint64_t hash, struct kenar_short_text text)
{
    hash ^= text.low + text.high * UINT64_C(0x9E3779B97F4A7C15);
    hash *= UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ hash >> 32;
}

static inline uint32_t kenar_short_text_hash(struct kenar_short_text text, size_t length)
{
    return (uint32_t)kenar_short_text_mix(length, text);
}

#endif
