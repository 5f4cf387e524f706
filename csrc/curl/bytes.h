/* A byte buffer with memory from malloc. Callbacks of libcurl use nothing else, because Lua's
 * allocator may raise. */
#ifndef KENAR_CURL_BYTES_H
#define KENAR_CURL_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct kenar_bytes {
    char *data;
    size_t length;
    size_t capacity;
};

/* Appends bytes. The caller has checked its own limit. False if memory is short; the buffer is then
 * unchanged. */
bool kenar_bytes_append(struct kenar_bytes *bytes, const char *data, size_t length);

/* Makes the buffer empty. Its memory is kept for the next use, up to 64 KiB. */
void kenar_bytes_clear(struct kenar_bytes *bytes);

/* Whether the buffer has exactly these bytes. An empty buffer equals nothing. */
bool kenar_bytes_equal(const struct kenar_bytes *bytes, const char *data, size_t length);

/* Replaces the content. False if memory is short; the buffer is then empty. */
bool kenar_bytes_assign(struct kenar_bytes *bytes, const char *data, size_t length);

/* Frees the memory. The buffer is empty and can be used again. */
void kenar_bytes_free(struct kenar_bytes *bytes);

#endif
