/* A byte buffer that grows. */
#ifndef KENAR_TEXT_BUFFER_H
#define KENAR_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A zeroed buffer is empty. */
struct kenar_buffer {
    char *data;
    size_t length, capacity;
};

/* A reused buffer frees its memory if its capacity is larger, so that one large value does not
 * occupy memory for the life of the process. */
enum { KENAR_BUFFER_KEEP = 256 * 1024 };

/* Grows the capacity to at least `length + more`, and at least doubles it. False if memory is
 * short; the buffer is then unchanged. */
bool kenar_buffer_grow(struct kenar_buffer *buffer, size_t more);

/* Frees the memory. The buffer is empty and can be used again. */
void kenar_buffer_free(struct kenar_buffer *buffer);

/* Empties the buffer for its next use. Frees the memory if it is larger than KENAR_BUFFER_KEEP. */
void kenar_buffer_recycle(struct kenar_buffer *buffer);

/* Reserves `more` bytes beyond `length`. `data` is not NULL afterwards, even if `more` is 0. False
 * if memory is short. */
static inline bool kenar_buffer_reserve(struct kenar_buffer *buffer, size_t more)
{
    return more < buffer->capacity - buffer->length || kenar_buffer_grow(buffer, more);
}

/* `put` functions need reserved space. `add` functions reserve it, and return false if memory is
 * short. */
static inline void kenar_buffer_put_byte(struct kenar_buffer *buffer, char byte)
{
    buffer->data[buffer->length++] = byte;
}

static inline void kenar_buffer_put(struct kenar_buffer *buffer, const char *bytes, size_t count)
{
    memcpy(buffer->data + buffer->length, bytes, count);
    buffer->length += count;
}

static inline bool kenar_buffer_add_byte(struct kenar_buffer *buffer, char byte)
{
    if (!kenar_buffer_reserve(buffer, 1))
        return false;
    kenar_buffer_put_byte(buffer, byte);
    return true;
}

static inline bool kenar_buffer_add(struct kenar_buffer *buffer, const char *bytes, size_t count)
{
    if (!kenar_buffer_reserve(buffer, count))
        return false;
    kenar_buffer_put(buffer, bytes, count);
    return true;
}

/* For string literals, whose length the compiler knows. */
#define kenar_buffer_put_literal(buffer, literal)                                                  \
    kenar_buffer_put((buffer), (literal), sizeof(literal) - 1)
#define kenar_buffer_add_literal(buffer, literal)                                                  \
    kenar_buffer_add((buffer), (literal), sizeof(literal) - 1)

#endif
