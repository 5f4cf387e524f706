#include "http/line.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A character of a token (RFC 9110). */
static bool is_name_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Whether the bytes have no control character except the tab. Above all, CR, LF and NUL are
 * refused. */
static bool is_text(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)bytes[i];
        if ((c < ' ' && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

bool kenar_http_read_status(const char *line, size_t length, int *status, bool *is_1_1)
{
    enum { BEFORE_REASON = sizeof "HTTP/1.1 200" - 1 };
    if (length < BEFORE_REASON || memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) ||
        line[8] != ' ')
        return false;
    *status = 0;
    for (size_t i = 9; i < BEFORE_REASON; i++) {
        if (!is_digit(line[i]))
            return false;
        *status = *status * 10 + (line[i] - '0');
    }
    *is_1_1 = line[7] != '0';
    /* Some servers omit the blank if there is no reason. */
    if (length > BEFORE_REASON && line[BEFORE_REASON] != ' ')
        return false;
    return *status >= 100 && is_text(line + BEFORE_REASON, length - BEFORE_REASON);
}

bool kenar_http_read_field(const char *line, size_t length, struct kenar_http_field *field)
{
    size_t at = 0;
    while (at < length && is_name_character(line[at]))
        at++;
    if (at == 0 || at == length || line[at] != ':')
        return false;
    field->name = line;
    field->name_length = at++;
    while (at < length && is_blank(line[at]))
        at++;
    while (length > at && is_blank(line[length - 1]))
        length--;
    field->value = line + at;
    field->value_length = length - at;
    return is_text(field->value, field->value_length);
}

bool kenar_http_read_length(const char *value, size_t length, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        const uint64_t digit = (uint64_t)(value[i] - '0');
        if (!is_digit(value[i]) || *number > ((uint64_t)INT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return length > 0;
}

static int hexadecimal(char c)
{
    c = kenar_http_lower(c);
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool kenar_http_read_chunk_size(const char *line, size_t length, uint64_t *size)
{
    size_t at = 0;
    *size = 0;
    for (; at < length && hexadecimal(line[at]) >= 0; at++) {
        if (*size >> 56 != 0)
            return false;
        *size = *size << 4 | (uint64_t)hexadecimal(line[at]);
    }
    if (at == 0)
        return false;
    while (at < length && is_blank(line[at]))
        at++;
    return (at == length || line[at] == ';') && is_text(line + at, length - at);
}

bool kenar_http_is(const char *text, size_t length, const char *word)
{
    for (size_t i = 0; i < length; i++)
        if (word[i] == '\0' || kenar_http_lower(text[i]) != word[i])
            return false;
    return word[length] == '\0';
}

bool kenar_http_has_token(const char *list, size_t length, const char *token)
{
    size_t at = 0;
    while (at < length) {
        const char *comma = memchr(list + at, ',', length - at);
        const size_t next = comma != NULL ? (size_t)(comma - list) : length;
        size_t end = next;
        while (at < end && is_blank(list[at]))
            at++;
        while (end > at && is_blank(list[end - 1]))
            end--;
        if (kenar_http_is(list + at, end - at, token))
            return true;
        at = next + 1;
    }
    return false;
}
