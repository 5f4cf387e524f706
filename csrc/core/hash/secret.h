/* Comparison of secrets in constant time, and random bytes for secrets. */
#ifndef KENAR_HASH_SECRET_H
#define KENAR_HASH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Whether two strings are equal. The time depends only on `given_length`. */
bool kenar_secret_equal(const char *given, size_t given_length, const char *kept,
                        size_t kept_length);

/* Fills `out` from the kernel's generator. False with errno set if that fails. */
bool kenar_secret_random(char *out, size_t length);

#endif
