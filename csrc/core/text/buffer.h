/* A string of bytes that grows. */
#ifndef KENAR_TEXT_BUFFER_H
#define KENAR_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* All zero is an empty buffer. */
struct kenar_buffer {
    char *data;
    size_t length, capacity;
};

/* A buffer kept for reuse gives its memory back when it grew past this: one large value must not
 * stay for the life of the process. */
enum { KENAR_BUFFER_KEEP = 256 * 1024 };

/* Make the capacity enough for `length + more`, at least doubling it. False when memory is short;
 * the buffer is then as it was. */
bool kenar_buffer_grow(struct kenar_buffer *buffer, size_t more);

/* Free the memory; the buffer is empty and can be used again. */
void kenar_buffer_free(struct kenar_buffer *buffer);

/* Empty it for the next use: keeps the memory unless there is more than KENAR_BUFFER_KEEP of it. */
void kenar_buffer_recycle(struct kenar_buffer *buffer);

/* Room for `more` bytes beyond `length`, and memory even for none; false when memory is short. */
static inline bool kenar_buffer_reserve(struct kenar_buffer *buffer, size_t more)
{
    return more < buffer->capacity - buffer->length || kenar_buffer_grow(buffer, more);
}

/* The `put` forms need room that was reserved; the `add` forms reserve it and say whether they
 * could. */
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

/* For string literals: the length is known to the compiler. */
#define kenar_buffer_put_literal(buffer, literal)                                                  \
    kenar_buffer_put((buffer), (literal), sizeof(literal) - 1)
#define kenar_buffer_add_literal(buffer, literal)                                                  \
    kenar_buffer_add((buffer), (literal), sizeof(literal) - 1)

#endif
