/* Measures the white space at the ends of a text: the six bytes of Lua's %s. Pure C. */
#ifndef KENAR_TEXT_TRIM_H
#define KENAR_TEXT_TRIM_H

#include <stddef.h>

/* The number of white-space bytes at the start. */
size_t kenar_leading_space(const char *text, size_t length);

/* The length without the white space at the end. */
size_t kenar_trimmed_length(const char *text, size_t length);

#endif
