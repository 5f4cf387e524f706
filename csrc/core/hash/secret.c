#include "hash/secret.h"

#include <errno.h>
#include <sys/random.h>

bool kenar_secret_equal(const char *given, size_t given_length, const char *kept,
                        size_t kept_length)
{
    /* If the lengths differ, `given` is compared with itself. The time stays the same, and every
     * read is in bounds. */
    const char *other = given_length == kept_length ? kept : given;
    /* volatile prevents the compiler from leaving the loop at the first difference. */
    volatile unsigned char difference = given_length != kept_length;
    for (size_t i = 0; i < given_length; i++)
        difference = (unsigned char)(difference | (unsigned char)(given[i] ^ other[i]));
    return difference == 0;
}

bool kenar_secret_random(char *out, size_t length)
{
    while (length > 0) {
        ssize_t written = getrandom(out, length, 0);
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return false;
        }
        out += written;
        length -= (size_t)written;
    }
    return true;
}
