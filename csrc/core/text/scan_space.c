#include "text/scan_space.h"

#include <stdbool.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static bool is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static const unsigned char *skip_blanks(const unsigned char *at, const unsigned char *end)
{
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
        const __m128i blank = _mm_cmpeq_epi8(block, _mm_set1_epi8(' '));
        const unsigned other = 0xFFFF ^ (unsigned)_mm_movemask_epi8(blank);
        if (other != 0)
            return at + __builtin_ctz(other);
    }
#else
    (void)end;
#endif
    while (*at == ' ')
        at++;
    return at;
}

/* Each turn skips a newline and its indentation. */
const unsigned char *kenar_space_run(const unsigned char *at, const unsigned char *end)
{
    while (is_space(*at))
        at = skip_blanks(at + 1, end);
    return at;
}
