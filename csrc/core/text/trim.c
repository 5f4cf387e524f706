#include "text/trim.h"

#include <stdbool.h>

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

size_t kenar_leading_space(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && is_space(text[count]))
        count++;
    return count;
}

size_t kenar_trimmed_length(const char *text, size_t length)
{
    while (length > 0 && is_space(text[length - 1]))
        length--;
    return length;
}
