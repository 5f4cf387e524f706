/* The name somebody probably meant: for errors about unknown keys and icons. Pure C. */
#ifndef KENAR_TEXT_NEAREST_H
#define KENAR_TEXT_NEAREST_H

#include <stddef.h>

/* The one of `count` names nearest to `name` by edit distance (insert, delete, replace; letter case
 * does not count and '-' and ' ' equal '_'), or NULL when none is near: more than 1 + length / 4
 * edits, at most 4. Of equally near names the first. Costs count * length^2 steps; names longer
 * than KENAR_NEAREST_MAX bytes are near nothing. */
#define KENAR_NEAREST_MAX 64
const char *kenar_nearest(const char *name, size_t length, const char *const *names, size_t count);

#endif
