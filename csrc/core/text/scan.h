/* Finds the bytes of a string that need no escape, for the JSON parser and writer.
 *
 * Such plain bytes are ASCII without `"`, `\` and control characters, and well-formed sequences of
 * two bytes, which Latin, Persian and Arabic text consists of. A run ends before any other byte;
 * the caller handles longer sequences, escapes and errors.
 *
 * Reads stay within `bytes[0 .. count-1]`. */
#ifndef KENAR_TEXT_SCAN_H
#define KENAR_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* kenar_text_copy may write this many bytes beyond the run. */
enum { KENAR_TEXT_SLACK = 16 };

static inline uint64_t kenar_load_8(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Whether all eight bytes are plain ASCII. */
static inline bool kenar_text_all_ascii(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
    const uint64_t quote = word ^ ones * '"', escape = word ^ ones * '\\';
    /* A subtraction that borrows sets the top bit of the byte that matches. It may also set a bit
     * of a higher byte, which changes nothing because one match is enough. */
    return (((word - ones * 0x20) | (quote - ones) | (escape - ones) | word) & tops) == 0;
}

#if defined(__SSE2__)

#include <emmintrin.h>

enum { KENAR_TEXT_BLOCK = 16 };

/* Loads fewer bytes than a block; the rest is zero. Overlapping loads of fixed size are used,
 * because a memcpy of variable length costs more than the rest of the scan. */
static inline __m128i kenar_text_load_part(const unsigned char *bytes, size_t count)
{
    uint64_t low = 0, high = 0;
    if (count >= 8) {
        low = kenar_load_8(bytes);
        if (count > 8)
            high = kenar_load_8(bytes + count - 8) >> (8 * (16 - count));
    } else if (count >= 4) {
        uint32_t first, last;
        memcpy(&first, bytes, 4);
        memcpy(&last, bytes + count - 4, 4);
        low = (uint64_t)last << (8 * (count - 4)) | first;
    } else {
        for (size_t i = 0; i < count; i++)
            low |= (uint64_t)bytes[i] << (8 * i);
    }
    return _mm_set_epi64x((int64_t)high, (int64_t)low);
}

static inline __m128i kenar_text_load(const unsigned char *bytes, size_t count)
{
    return count >= KENAR_TEXT_BLOCK ? _mm_loadu_si128((const __m128i *)(const void *)bytes)
                                     : kenar_text_load_part(bytes, count);
}

/* The number of plain bytes at the front of the block. A zero byte ends the run, so a partial block
 * needs no length. */
static inline size_t kenar_text_plain(__m128i block)
{
    const unsigned none = 1u << KENAR_TEXT_BLOCK;
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i escape = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block);
    const __m128i special = _mm_or_si128(_mm_or_si128(quote, escape), control);
    const unsigned high = (unsigned)_mm_movemask_epi8(block);
    unsigned stop = (unsigned)_mm_movemask_epi8(special);
    if ((stop | high) == 0) /* a branch, so that the next block does not wait for the count */
        return KENAR_TEXT_BLOCK;
    const unsigned ascii = (unsigned)__builtin_ctz(stop | high);
    if ((high >> ascii & 1) == 0)
        return ascii;
    /* The comparison is signed: 0x80..0xBF are below 0xC0, and 0xC2..0xDF between 0xC1 and 0xE0. */
    const unsigned continuation =
        (unsigned)_mm_movemask_epi8(_mm_cmplt_epi8(block, _mm_set1_epi8((char)0xC0)));
    const unsigned lead = (unsigned)_mm_movemask_epi8(
        _mm_and_si128(_mm_cmpgt_epi8(block, _mm_set1_epi8((char)0xC1)),
                      _mm_cmplt_epi8(block, _mm_set1_epi8((char)0xE0))));
    stop |= high & ~continuation & ~lead; /* sequences of three or four bytes */
    stop |= continuation ^ (lead << 1);   /* a lead byte without exactly one continuation byte */
    stop |= lead & (none >> 1);           /* a sequence that the block's end cuts */
    const unsigned run = (unsigned)__builtin_ctz(stop | none);
    return run - (run > 0 && (lead >> (run - 1) & 1));
}

static inline void kenar_text_store(char *out, __m128i block)
{
    _mm_storeu_si128((__m128i *)(void *)out, block);
}

typedef __m128i kenar_text_block;

#else

enum { KENAR_TEXT_BLOCK = 8 };

typedef struct {
    unsigned char bytes[KENAR_TEXT_BLOCK];
} kenar_text_block;

static inline kenar_text_block kenar_text_load(const unsigned char *bytes, size_t count)
{
    kenar_text_block block = {{0}};
    memcpy(block.bytes, bytes, count < KENAR_TEXT_BLOCK ? count : KENAR_TEXT_BLOCK);
    return block;
}

static inline size_t kenar_text_plain(kenar_text_block block)
{
    if (kenar_text_all_ascii(kenar_load_8(block.bytes)))
        return KENAR_TEXT_BLOCK;
    size_t run = 0;
    while (run < KENAR_TEXT_BLOCK) {
        const unsigned char byte = block.bytes[run];
        if (byte >= 0xC2 && byte <= 0xDF && run + 1 < KENAR_TEXT_BLOCK &&
            (block.bytes[run + 1] & 0xC0) == 0x80)
            run += 2;
        else if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\')
            run++;
        else
            break;
    }
    return run;
}

static inline void kenar_text_store(char *out, kenar_text_block block)
{
    memcpy(out, block.bytes, KENAR_TEXT_BLOCK);
}

#endif

/* The length of the plain run at the front of `bytes`. */
static inline size_t kenar_text_run(const unsigned char *bytes, size_t count)
{
    size_t run = 0;
    while (run < count) {
        const size_t plain = kenar_text_plain(kenar_text_load(bytes + run, count - run));
        run += plain;
        if (plain <
            KENAR_TEXT_BLOCK - 1) /* a sequence that the block's end cuts shortens the run by one */
            break;
    }
    return run;
}

/* Like kenar_text_run, but copies the run to `out`, which has room for `count` + KENAR_TEXT_SLACK
 * bytes. */
static inline size_t kenar_text_copy(char *out, const unsigned char *bytes, size_t count)
{
    size_t run = 0;
    while (run < count) {
        const kenar_text_block block = kenar_text_load(bytes + run, count - run);
        kenar_text_store(out + run, block);
        const size_t plain = kenar_text_plain(block);
        run += plain;
        if (plain < KENAR_TEXT_BLOCK - 1)
            break;
    }
    return run;
}

/* Copies up to 16 bytes if all are plain ASCII, as most names and short texts are. Two overlapping
 * loads and stores of fixed size do it. */
static inline bool kenar_text_copy_short(char *out, const unsigned char *bytes, size_t count)
{
    if (count >= 8) {
        const uint64_t first = kenar_load_8(bytes), last = kenar_load_8(bytes + count - 8);
        if (!kenar_text_all_ascii(first) || !kenar_text_all_ascii(last))
            return false;
        memcpy(out, &first, 8);
        memcpy(out + count - 8, &last, 8);
        return true;
    }
    if (count >= 4) {
        uint32_t first, last;
        memcpy(&first, bytes, 4);
        memcpy(&last, bytes + count - 4, 4);
        if (!kenar_text_all_ascii((uint64_t)first << 32 | last))
            return false;
        memcpy(out, &first, 4);
        memcpy(out + count - 4, &last, 4);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] < 0x20 || bytes[i] >= 0x80 || bytes[i] == '"' || bytes[i] == '\\')
            return false;
        out[i] = (char)bytes[i];
    }
    return true;
}

#endif
