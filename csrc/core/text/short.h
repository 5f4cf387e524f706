/* A text of up to 16 bytes as two words, so that it is hashed and compared without a loop. */
#ifndef KENAR_TEXT_SHORT_H
#define KENAR_TEXT_SHORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { KENAR_SHORT_TEXT = 16 };

/* The bytes, and zeros behind them: texts of one length are the same when both words are. */
struct kenar_short_text {
    uint64_t low, high;
};

/* Of the bytes from `bytes` on, `length` (at most KENAR_SHORT_TEXT) are the text and `available`,
 * no less than that, may be read. */
static inline struct kenar_short_text kenar_short_text_load(const char *bytes, size_t length,
                                                            size_t available)
{
    /* Seen through this window from 16 - length on, the bytes behind the text are zeros. */
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

/* Mix two words into a running hash. */
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
