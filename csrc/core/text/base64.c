#include "text/base64.h"

#include <stdint.h>

static const char standard_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t kenar_base64_encoded_length(size_t length)
{
    return length / 3 * 4 + (length % 3 != 0 ? 4 : 0);
}

void kenar_base64_encode(const char *bytes, size_t length, bool for_urls, char *out)
{
    const char *alphabet = for_urls ? url_alphabet : standard_alphabet;
    const unsigned char *in = (const unsigned char *)bytes;
    for (; length > 0; in += 3) {
        size_t taken = length < 3 ? length : 3;
        uint32_t bits = (uint32_t)in[0] << 16;
        if (taken > 1)
            bits |= (uint32_t)in[1] << 8;
        if (taken > 2)
            bits |= in[2];
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = taken > 1 ? alphabet[bits >> 6 & 63] : '=';
        *out++ = taken > 2 ? alphabet[bits & 63] : '=';
        length -= taken;
    }
}

static int value_of(char character)
{
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    if (character == '+' || character == '-')
        return 62;
    if (character == '/' || character == '_')
        return 63;
    return -1;
}

bool kenar_base64_decode(const char *text, size_t length, char *out, size_t *out_length)
{
    size_t padding = 0;
    while (length > 0 && padding < 2 && text[length - 1] == '=') {
        length--;
        padding++;
    }
    if (length % 4 == 1 || (padding != 0 && (length + padding) % 4 != 0))
        return false;

    uint32_t bits = 0;
    unsigned pending = 0;
    char *end = out;
    for (size_t i = 0; i < length; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        pending += 6;
        if (pending >= 8) {
            pending -= 8;
            *end++ = (char)(unsigned char)(bits >> pending & 0xff);
        }
    }
    if ((bits & ((1u << pending) - 1)) != 0)
        return false;
    *out_length = (size_t)(end - out);
    return true;
}
