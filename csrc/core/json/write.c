#include "json/write.h"

#include "text/number.h"
#include "text/scan.h"
#include "text/utf8.h"

/* The letter after the backslash for each byte below 0x20, `"` and `\`. `u` stands for \u00XX. */
static const char escape_letters[128] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',           'n', 'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

enum { LONGEST_ESCAPE = 6 };

static char *put_escape(char *out, unsigned char byte)
{
    static const char hexadecimal[] = "0123456789abcdef";
    const char letter = escape_letters[byte];
    *out++ = '\\';
    *out++ = letter;
    if (letter == 'u') {
        *out++ = '0';
        *out++ = '0';
        *out++ = hexadecimal[byte >> 4];
        *out++ = hexadecimal[byte & 0xF];
    }
    return out;
}

/* Reserved beyond the remaining bytes: the next escape, two quotes, and the slack of
 * kenar_text_copy. */
enum { SPARE = LONGEST_ESCAPE + 2 + KENAR_TEXT_SLACK };

/* Writes the string from its opening quote on. */
static __attribute__((noinline)) bool write_rest(struct kenar_buffer *buffer, const char *s,
                                                 size_t count, size_t *bad_offset)
{
    const unsigned char *bytes = (const unsigned char *)s;
    size_t offset = 0;
    for (;;) {
        const size_t run =
            kenar_text_copy(buffer->data + buffer->length, bytes + offset, count - offset);
        buffer->length += run;
        offset += run;
        if (offset == count)
            break;
        const unsigned char byte = bytes[offset];
        if (byte < 0x80) {
            char *end = put_escape(buffer->data + buffer->length, byte);
            buffer->length = (size_t)(end - buffer->data);
            offset++;
            if (!kenar_buffer_reserve(buffer, count - offset + SPARE)) {
                *bad_offset = KENAR_JSON_NO_MEMORY;
                return false;
            }
        } else {
            const size_t length = kenar_utf8_sequence(bytes + offset, count - offset);
            if (length == 0) {
                *bad_offset = offset;
                return false;
            }
            kenar_buffer_put(buffer, s + offset, length);
            offset += length;
        }
    }
    kenar_buffer_put_byte(buffer, '"');
    return true;
}

bool kenar_json_write_string(struct kenar_buffer *buffer, const char *s, size_t count,
                             size_t *bad_offset)
{
    if (count > SIZE_MAX / 2 || !kenar_buffer_reserve(buffer, count + SPARE)) {
        *bad_offset = KENAR_JSON_NO_MEMORY;
        return false;
    }
    char *out = buffer->data + buffer->length;
    *out++ = '"';
    if (count <= 16 && kenar_text_copy_short(out, (const unsigned char *)s, count)) {
        out[count] = '"';
        buffer->length += count + 2;
        return true;
    }
    buffer->length++;
    return write_rest(buffer, s, count, bad_offset);
}

bool kenar_json_write_integer(struct kenar_buffer *buffer, int64_t value)
{
    if (!kenar_buffer_reserve(buffer, KENAR_INTEGER_ROOM))
        return false;
    buffer->length += kenar_number_write_integer(buffer->data + buffer->length, value);
    return true;
}

bool kenar_json_write_double(struct kenar_buffer *buffer, double value)
{
    if (!kenar_buffer_reserve(buffer, KENAR_DOUBLE_ROOM))
        return false;
    buffer->length += kenar_number_write_double(buffer->data + buffer->length, value);
    return true;
}
