#include "space_run.h"

#include <stdbool.h>

static bool is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

#if defined(__SSE2__)

#include <emmintrin.h>

/* A line's indentation is best met in one step. */
const unsigned char *kenar_space_run(const unsigned char *at, const unsigned char *end)
{
    for (; end - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
        const __m128i blank = _mm_cmpeq_epi8(block, _mm_set1_epi8(' '));
        const __m128i newline = _mm_cmpeq_epi8(block, _mm_set1_epi8('\n'));
        const __m128i carriage = _mm_cmpeq_epi8(block, _mm_set1_epi8('\r'));
        const __m128i tab = _mm_cmpeq_epi8(block, _mm_set1_epi8('\t'));
        const __m128i space =
            _mm_or_si128(_mm_or_si128(blank, newline), _mm_or_si128(carriage, tab));
        const unsigned other = 0xFFFF ^ (unsigned)_mm_movemask_epi8(space);
        if (other != 0)
            return at + __builtin_ctz(other);
    }
    while (is_space(*at))
        at++;
    return at;
}

#else

const unsigned char *kenar_space_run(const unsigned char *at, const unsigned char *end)
{
    (void)end;
    while (is_space(*at))
        at++;
    return at;
}

#endif
