#include "text/buffer.h"

#include <stdint.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 1024 };

bool kenar_buffer_grow(struct kenar_buffer *buffer, size_t more)
{
    if (more > SIZE_MAX / 2 - buffer->length)
        return false;
    size_t needed = buffer->length + more;
    size_t capacity = buffer->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buffer->capacity * 2;
    if (capacity < needed)
        capacity = needed;
    char *data = realloc(buffer->data, capacity);
    if (data == NULL)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void kenar_buffer_free(struct kenar_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct kenar_buffer){0};
}

void kenar_buffer_recycle(struct kenar_buffer *buffer)
{
    if (buffer->capacity > KENAR_BUFFER_KEEP)
        kenar_buffer_free(buffer);
    else
        buffer->length = 0;
}
