/* What secrets need: a comparison whose time tells nothing, and bytes that nobody can guess. */
#ifndef KENAR_HASH_SECRET_H
#define KENAR_HASH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Whether two strings are equal, in a time that depends on the length of `given` alone. */
bool kenar_secret_equal(const char *given, size_t given_length, const char *kept,
                        size_t kept_length);

/* Fill `out` from the kernel's generator; false with errno set when it cannot. */
bool kenar_secret_random(char *out, size_t length);

#endif
