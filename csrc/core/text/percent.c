#include "text/percent.h"

static bool is_unreserved(unsigned char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

bool kenar_percent_is_plain(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_unreserved((unsigned char)bytes[i]))
            return false;
    return true;
}

size_t kenar_percent_encode(const char *bytes, size_t length, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    char *end = out;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (is_unreserved(byte)) {
            *end++ = bytes[i];
        } else {
            *end++ = '%';
            *end++ = digits[byte >> 4];
            *end++ = digits[byte & 15];
        }
    }
    return (size_t)(end - out);
}

static int value_of(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

bool kenar_percent_decode(const char *text, size_t length, char *out, size_t *out_length)
{
    char *end = out;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '%') {
            *end++ = text[i];
            continue;
        }
        if (length - i < 3)
            return false;
        int high = value_of(text[i + 1]);
        int low = value_of(text[i + 2]);
        if (high < 0 || low < 0)
            return false;
        *end++ = (char)(unsigned char)(high << 4 | low);
        i += 2;
    }
    *out_length = (size_t)(end - out);
    return true;
}
