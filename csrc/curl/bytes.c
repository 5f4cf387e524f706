#include "bytes.h"
#include <stdlib.h>
#include <string.h>

#define SMALLEST 128
#define KEPT_AT_MOST (64 * 1024)

bool kenar_bytes_append(struct kenar_bytes *bytes, const char *data, size_t length)
{
    if (length > bytes->capacity - bytes->length) {
        size_t capacity = bytes->capacity < SMALLEST ? SMALLEST : bytes->capacity;
        char *grown;
        while (length > capacity - bytes->length) {
            if (capacity > (size_t)-1 / 2) {
                return false;
            }
            capacity *= 2;
        }
        grown = realloc(bytes->data, capacity);
        if (grown == NULL) {
            return false;
        }
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    if (length > 0) {
        memcpy(bytes->data + bytes->length, data, length);
        bytes->length += length;
    }
    return true;
}

void kenar_bytes_clear(struct kenar_bytes *bytes)
{
    if (bytes->capacity > KEPT_AT_MOST) {
        kenar_bytes_free(bytes);
    }
    bytes->length = 0;
}

bool kenar_bytes_equal(const struct kenar_bytes *bytes, const char *data, size_t length)
{
    return bytes->length == length && length > 0 && memcmp(bytes->data, data, length) == 0;
}

bool kenar_bytes_assign(struct kenar_bytes *bytes, const char *data, size_t length)
{
    bytes->length = 0;
    return kenar_bytes_append(bytes, data, length);
}

void kenar_bytes_free(struct kenar_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct kenar_bytes){NULL, 0, 0};
}
