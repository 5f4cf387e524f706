#include "response.h"
#include <string.h>

#define MAX_HEADERS (128 * 1024)

void kenar_response_begin(struct kenar_response *response, size_t max_body)
{
    kenar_bytes_clear(&response->headers);
    kenar_bytes_clear(&response->body);
    response->max_body = max_body;
    response->headers_ended = false;
    response->fault = KENAR_RESPONSE_NO_FAULT;
}

void kenar_response_free(struct kenar_response *response)
{
    kenar_bytes_free(&response->headers);
    kenar_bytes_free(&response->body);
}

static bool take(struct kenar_response *response, struct kenar_bytes *into, const char *data,
                 size_t length, size_t most)
{
    if (length > most - into->length) {
        response->fault = KENAR_RESPONSE_TOO_LARGE;
        return false;
    }
    if (!kenar_bytes_append(into, data, length)) {
        response->fault = KENAR_RESPONSE_NO_MEMORY;
        return false;
    }
    return true;
}

bool kenar_response_header_line(struct kenar_response *response, const char *line, size_t length)
{
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        kenar_bytes_clear(&response->headers);
        response->headers_ended = false;
        return true;
    }
    if (response->headers_ended) {
        return true; /* a trailer must not pass for a header */
    }
    if (length <= 2 && (length == 0 || line[length - 1] == '\n')) {
        response->headers_ended = true;
        return true;
    }
    return take(response, &response->headers, line, length, MAX_HEADERS);
}

bool kenar_response_body_piece(struct kenar_response *response, const char *piece, size_t length)
{
    return take(response, &response->body, piece, length, response->max_body);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool kenar_response_next_field(const char *lines, size_t length, size_t *cursor,
                               struct kenar_header_field *field)
{
    while (*cursor < length) {
        const char *line = lines + *cursor;
        const char *end = memchr(line, '\n', length - *cursor);
        const char *colon;
        end = end != NULL ? end : lines + length;
        *cursor = (size_t)(end - lines) + 1;
        colon = memchr(line, ':', (size_t)(end - line));
        /* Continuation lines (obs-fold, obsolete since RFC 7230) are dropped. */
        if (colon != NULL && colon > line && !is_blank(*line)) {
            const char *value = colon + 1;
            while (value < end && is_blank(*value)) {
                value++;
            }
            while (end > value && is_blank(end[-1])) {
                end--;
            }
            *field = (struct kenar_header_field){line, (size_t)(colon - line), value,
                                                 (size_t)(end - value)};
            return true;
        }
    }
    return false;
}
