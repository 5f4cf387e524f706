/* Skips JSON's white space. */
#ifndef KENAR_TEXT_SCAN_SPACE_H
#define KENAR_TEXT_SCAN_SPACE_H

#include <stddef.h>

/* The first byte from `at` on that is not white space. `*end` must be readable and not white
 * space. */
const unsigned char *kenar_space_run(const unsigned char *at, const unsigned char *end);

/* The same, but fast between two tokens, which mostly have no white space or one blank. */
static inline const unsigned char *kenar_skip_space(const unsigned char *at,
                                                    const unsigned char *end)
{
    if (*at > ' ')
        return at;
    if (*at == ' ' && at[1] > ' ')
        return at + 1;
    return kenar_space_run(at, end);
}

#endif
