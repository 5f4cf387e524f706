/* White space at the ends of a text: the six bytes that Lua's %s takes. */
#ifndef KENAR_TEXT_TRIM_H
#define KENAR_TEXT_TRIM_H

#include <stddef.h>

/* How many bytes of white space the text begins with. */
size_t kenar_leading_space(const char *text, size_t length);

/* How long the text is without the white space at its end. */
size_t kenar_trimmed_length(const char *text, size_t length);

#endif
