/* Bytes that grow up to a cap, from malloc: the only memory that a callback of libcurl touches. */
#ifndef KENAR_CURL_BYTES_H
#define KENAR_CURL_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct kenar_bytes {
    char *data;
    size_t length;
    size_t capacity;
};

/* False when memory is short; the bytes are then as they were. The caller has checked its cap. */
bool kenar_bytes_append(struct kenar_bytes *bytes, const char *data, size_t length);

/* Empties it, keeping the memory for the next use unless it grew beyond the ordinary. */
void kenar_bytes_clear(struct kenar_bytes *bytes);

/* Whether these are exactly the bytes. */
bool kenar_bytes_equal(const struct kenar_bytes *bytes, const char *data, size_t length);

/* Replaces the content. False when memory is short; the content is then empty. */
bool kenar_bytes_assign(struct kenar_bytes *bytes, const char *data, size_t length);

void kenar_bytes_free(struct kenar_bytes *bytes);

#endif
