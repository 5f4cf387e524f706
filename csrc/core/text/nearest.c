#include "text/nearest.h"

#include <string.h>

static char folded(char c)
{
    if (c >= 'a' && c <= 'z') {
        return (char)(c - 'a' + 'A');
    }
    return c == '-' || c == ' ' ? '_' : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* The Levenshtein distance, or `bound + 1` if it is above `bound`. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                            size_t bound)
{
    size_t row[KENAR_NEAREST_MAX + 1];
    if ((a_length > b_length ? a_length - b_length : b_length - a_length) > bound) {
        return bound + 1;
    }
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        size_t row_least = row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = diagonal + (folded(a[i - 1]) != folded(b[j - 1]));
            diagonal = row[j];
            row[j] = least(replaced, row[j] + 1, row[j - 1] + 1);
            if (row[j] < row_least) {
                row_least = row[j];
            }
        }
        if (row_least > bound) {
            return bound + 1;
        }
    }
    return row[b_length];
}

const char *kenar_nearest(const char *name, size_t length, const char *const *names, size_t count)
{
    if (length == 0 || length > KENAR_NEAREST_MAX) {
        return NULL;
    }
    const char *nearest = NULL;
    size_t bound = 1 + length / 4 < 4 ? 1 + length / 4 : 4;
    for (size_t i = 0; i < count; i++) {
        size_t known_length = strlen(names[i]);
        if (known_length > KENAR_NEAREST_MAX) {
            continue;
        }
        size_t distance = edit_distance(name, length, names[i], known_length, bound);
        if (distance <= bound) {
            nearest = names[i];
            if (distance == 0) {
                break;
            }
            bound = distance - 1;
        }
    }
    return nearest;
}
