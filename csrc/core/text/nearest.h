/* Suggests a known name for a misspelt name, for errors about unknown keys and icons. Pure C. */
#ifndef KENAR_TEXT_NEAREST_H
#define KENAR_TEXT_NEAREST_H

#include <stddef.h>

/* The name among `count` names with the smallest edit distance (insert, delete, replace) to `name`;
 * the first such name if there are several. Letter case is ignored, and '-' and ' ' equal '_'. NULL
 * if the distance is above 1 + length / 4 or above 4. Takes count * length^2 steps. Names longer
 * than KENAR_NEAREST_MAX bytes are never suggested. */
#define KENAR_NEAREST_MAX 64
const char *kenar_nearest(const char *name, size_t length, const char *const *names, size_t count);

#endif
