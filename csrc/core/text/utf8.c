#include "text/utf8.h"

#include "text/scan.h"

#include <stdbool.h>

static bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

size_t kenar_utf8_sequence(const unsigned char *bytes, size_t available)
{
    if (available < 2 || !continues(bytes[1]))
        return 0;
    unsigned char lead = bytes[0], second = bytes[1];
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (available < 3 || !continues(bytes[2]))
        return 0;
    if ((lead & 0xF0) == 0xE0) {
        bool overlong = lead == 0xE0 && second < 0xA0;
        bool surrogate = lead == 0xED && second >= 0xA0;
        return overlong || surrogate ? 0 : 3;
    }
    if (available < 4 || !continues(bytes[3]))
        return 0;
    if (lead >= 0xF0 && lead <= 0xF4) {
        bool overlong = lead == 0xF0 && second < 0x90;
        bool too_large = lead == 0xF4 && second >= 0x90;
        return overlong || too_large ? 0 : 4;
    }
    return 0;
}

size_t kenar_utf8_valid_prefix(const char *bytes, size_t count)
{
    const unsigned char *start = (const unsigned char *)bytes;
    size_t offset = 0;
    while (offset < count) {
        offset += kenar_text_run(start + offset, count - offset);
        if (offset == count)
            break;
        if (start[offset] < 0x80) {
            offset++;
            continue;
        }
        size_t length = kenar_utf8_sequence(start + offset, count - offset);
        if (length == 0)
            break;
        offset += length;
    }
    return offset;
}

size_t kenar_utf8_encode(uint32_t scalar, char out[4])
{
    if (scalar < 0x80) {
        out[0] = (char)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        out[0] = (char)(0xC0 | (scalar >> 6));
        out[1] = (char)(0x80 | (scalar & 0x3F));
        return 2;
    }
    if (scalar < 0x10000) {
        out[0] = (char)(0xE0 | (scalar >> 12));
        out[1] = (char)(0x80 | ((scalar >> 6) & 0x3F));
        out[2] = (char)(0x80 | (scalar & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (scalar >> 18));
    out[1] = (char)(0x80 | ((scalar >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((scalar >> 6) & 0x3F));
    out[3] = (char)(0x80 | (scalar & 0x3F));
    return 4;
}
