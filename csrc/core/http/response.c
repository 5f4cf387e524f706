#include "http/response.h"

/* The limit for a chunk's size and extensions. */
enum { MAX_CHUNK_LINE = 1024 };

struct input {
    const char *at, *end;
};

void kenar_http_response_begin(struct kenar_http_response *response, size_t max_head,
                               size_t max_body, bool is_to_head)
{
    struct kenar_buffer fields = response->fields, body = response->body, line = response->line;
    kenar_buffer_recycle(&fields);
    kenar_buffer_recycle(&body);
    kenar_buffer_recycle(&line);
    *response = (struct kenar_http_response){.fields = fields,
                                             .body = body,
                                             .line = line,
                                             .max_head = max_head,
                                             .max_body = max_body,
                                             .is_to_head = is_to_head};
}

void kenar_http_response_free(struct kenar_http_response *response)
{
    kenar_buffer_free(&response->fields);
    kenar_buffer_free(&response->body);
    kenar_buffer_free(&response->line);
}

static bool fail(struct kenar_http_response *response, enum kenar_http_fault fault,
                 const char *message)
{
    response->state = KENAR_HTTP_BROKEN;
    response->fault = fault;
    response->message = message;
    return false;
}

static bool malformed(struct kenar_http_response *response, const char *message)
{
    return fail(response, KENAR_HTTP_MALFORMED, message);
}

static bool no_memory(struct kenar_http_response *response)
{
    return fail(response, KENAR_HTTP_NO_MEMORY, "out of memory");
}

static bool count_line(struct kenar_http_response *response, size_t bytes)
{
    if (response->state == KENAR_HTTP_IN_CHUNK_SIZE || response->state == KENAR_HTTP_AFTER_CHUNK) {
        if (bytes > MAX_CHUNK_LINE - response->line.length)
            return malformed(response, "the line before a chunk is too long");
        return true;
    }
    if (bytes > response->max_head - response->head_length)
        return fail(response, KENAR_HTTP_TOO_LARGE, "the headers are too large");
    response->head_length += bytes;
    return true;
}

/* Returns the next line without its CR LF. It is valid until the next call. False on failure, and
 * if the line is incomplete; an incomplete line is kept. */
static bool take_line(struct kenar_http_response *response, struct input *input, const char **line,
                      size_t *length)
{
    const size_t available = (size_t)(input->end - input->at);
    const char *newline = memchr(input->at, '\n', available);
    const size_t taken = newline != NULL ? (size_t)(newline - input->at) + 1 : available;
    const char *begin = input->at;
    if (!count_line(response, taken))
        return false;
    input->at += taken;
    if (newline == NULL || response->line.length > 0) {
        if (!kenar_buffer_add(&response->line, begin, taken))
            return no_memory(response);
        if (newline == NULL)
            return false;
        *line = response->line.data;
        *length = response->line.length;
        response->line.length = 0; /* the bytes stay valid until the next line is kept */
    } else {
        *line = begin;
        *length = taken;
    }
    if (*length < 2 || (*line)[*length - 2] != '\r')
        return malformed(response, "a line ends with LF alone");
    *length -= 2;
    return true;
}

static bool keep_field(struct kenar_http_response *response, const struct kenar_http_field *field)
{
    struct kenar_buffer *fields = &response->fields;
    if (!kenar_buffer_reserve(fields, field->name_length + field->value_length + 2))
        return no_memory(response);
    for (size_t i = 0; i < field->name_length; i++)
        kenar_buffer_put_byte(fields, kenar_http_lower(field->name[i]));
    kenar_buffer_put_byte(fields, '\0');
    kenar_buffer_put(fields, field->value, field->value_length);
    kenar_buffer_put_byte(fields, '\0');
    return true;
}

/* A header that delimits the body must not be repeated. */
static bool note_field(struct kenar_http_response *response, const struct kenar_http_field *field)
{
    const char *name = field->name, *value = field->value;
    const size_t name_length = field->name_length, length = field->value_length;
    if (kenar_http_is(name, name_length, "content-length")) {
        if (response->has_length)
            return malformed(response, "Content-Length is repeated");
        response->has_length = true;
        if (!kenar_http_read_length(value, length, &response->left))
            return malformed(response, "Content-Length is not a number");
    } else if (kenar_http_is(name, name_length, "transfer-encoding")) {
        if (response->has_encoding)
            return malformed(response, "Transfer-Encoding is repeated");
        response->has_encoding = true;
        response->is_chunked = kenar_http_is(value, length, "chunked");
    } else if (kenar_http_is(name, name_length, "connection")) {
        response->has_close = response->has_close || kenar_http_has_token(value, length, "close");
    }
    return true;
}

static bool read_field(struct kenar_http_response *response, const char *line, size_t length)
{
    struct kenar_http_field field;
    if (!kenar_http_read_field(line, length, &field))
        return malformed(response, "a header line is malformed");
    return note_field(response, &field) && keep_field(response, &field);
}

static bool read_status(struct kenar_http_response *response, const char *line, size_t length)
{
    if (!kenar_http_read_status(line, length, &response->status, &response->is_1_1)) {
        response->status = 0;
        return malformed(response, "the answer does not begin with an HTTP/1.1 status line");
    }
    response->state = KENAR_HTTP_IN_FIELDS;
    return true;
}

static void skip_interim(struct kenar_http_response *response)
{
    response->fields.length = 0;
    response->status = 0;
    response->has_close = response->is_chunked = false;
    response->has_encoding = response->has_length = false;
    response->state = KENAR_HTTP_IN_STATUS;
}

static bool end_head(struct kenar_http_response *response)
{
    const int status = response->status;
    if (response->has_encoding && response->has_length)
        return malformed(response, "Content-Length and Transfer-Encoding are both given");
    if (response->has_encoding && !(response->is_chunked && response->is_1_1))
        return malformed(response, "the Transfer-Encoding is not chunked");
    if (status == 101)
        return malformed(response, "the server switched protocols without a request for it");
    if (status < 200) {
        skip_interim(response);
    } else if (response->is_to_head || status == 204 || status == 304) {
        response->state = KENAR_HTTP_AT_END;
    } else if (response->is_chunked) {
        response->state = KENAR_HTTP_IN_CHUNK_SIZE;
    } else if (response->has_length) {
        if (response->left > response->max_body)
            return fail(response, KENAR_HTTP_TOO_LARGE, "the body is too large");
        response->state = response->left > 0 ? KENAR_HTTP_IN_BODY : KENAR_HTTP_AT_END;
    } else {
        response->state = KENAR_HTTP_UNTIL_END;
    }
    return true;
}

static bool read_chunk_size(struct kenar_http_response *response, const char *line, size_t length)
{
    if (!kenar_http_read_chunk_size(line, length, &response->left))
        return malformed(response, "a chunk's size is malformed");
    if (response->left > response->max_body - response->body.length)
        return fail(response, KENAR_HTTP_TOO_LARGE, "the body is too large");
    response->state = response->left > 0 ? KENAR_HTTP_IN_CHUNK : KENAR_HTTP_IN_TRAILERS;
    return true;
}

static bool end_chunk(struct kenar_http_response *response, size_t length)
{
    if (length > 0)
        return malformed(response, "a chunk is longer than its size");
    response->state = KENAR_HTTP_IN_CHUNK_SIZE;
    return true;
}

/* Trailers are dropped, so that they cannot pass for headers. */
static bool read_trailer(struct kenar_http_response *response, const char *line, size_t length)
{
    struct kenar_http_field dropped;
    if (length == 0)
        response->state = KENAR_HTTP_AT_END;
    else if (!kenar_http_read_field(line, length, &dropped))
        return malformed(response, "a trailer line is malformed");
    return true;
}

static bool read_line(struct kenar_http_response *response, struct input *input)
{
    const char *line;
    size_t length;
    if (!take_line(response, input, &line, &length))
        return response->state != KENAR_HTTP_BROKEN;
    switch (response->state) {
    case KENAR_HTTP_IN_STATUS:
        return read_status(response, line, length);
    case KENAR_HTTP_IN_FIELDS:
        return length > 0 ? read_field(response, line, length) : end_head(response);
    case KENAR_HTTP_IN_CHUNK_SIZE:
        return read_chunk_size(response, line, length);
    case KENAR_HTTP_AFTER_CHUNK:
        return end_chunk(response, length);
    default:
        return read_trailer(response, line, length);
    }
}

static bool take_body(struct kenar_http_response *response, struct input *input, uint64_t most)
{
    const size_t available = (size_t)(input->end - input->at);
    const size_t taken = most < available ? (size_t)most : available;
    if (taken > response->max_body - response->body.length)
        return fail(response, KENAR_HTTP_TOO_LARGE, "the body is too large");
    if (!kenar_buffer_add(&response->body, input->at, taken))
        return no_memory(response);
    input->at += taken;
    return true;
}

static bool take_counted(struct kenar_http_response *response, struct input *input,
                         enum kenar_http_state next)
{
    const size_t before = response->body.length;
    if (!take_body(response, input, response->left))
        return false;
    response->left -= response->body.length - before;
    if (response->left == 0)
        response->state = next;
    return true;
}

static bool step(struct kenar_http_response *response, struct input *input)
{
    switch (response->state) {
    case KENAR_HTTP_IN_BODY:
        return take_counted(response, input, KENAR_HTTP_AT_END);
    case KENAR_HTTP_IN_CHUNK:
        return take_counted(response, input, KENAR_HTTP_AFTER_CHUNK);
    case KENAR_HTTP_UNTIL_END:
        return take_body(response, input, UINT64_MAX);
    case KENAR_HTTP_AT_END:
        response->has_surplus = true;
        input->at = input->end;
        return true;
    case KENAR_HTTP_BROKEN:
        return false;
    default:
        return read_line(response, input);
    }
}

enum kenar_http_progress kenar_http_response_feed(struct kenar_http_response *response,
                                                  const char *bytes, size_t length)
{
    struct input input = {bytes, bytes + length};
    while (input.at < input.end)
        if (!step(response, &input))
            return KENAR_HTTP_FAILED;
    return response->state == KENAR_HTTP_BROKEN   ? KENAR_HTTP_FAILED
           : response->state == KENAR_HTTP_AT_END ? KENAR_HTTP_DONE
                                                  : KENAR_HTTP_MORE;
}

enum kenar_http_progress kenar_http_response_end(struct kenar_http_response *response)
{
    if (response->state == KENAR_HTTP_UNTIL_END)
        response->state = KENAR_HTTP_AT_END;
    if (response->state == KENAR_HTTP_AT_END)
        return KENAR_HTTP_DONE;
    if (response->state != KENAR_HTTP_BROKEN)
        fail(response, KENAR_HTTP_TRUNCATED,
             "the connection was closed before the answer was complete");
    return KENAR_HTTP_FAILED;
}

int kenar_http_response_status(const struct kenar_http_response *response)
{
    return response->status >= 200 ? response->status : 0;
}

bool kenar_http_response_keeps_alive(const struct kenar_http_response *response)
{
    const bool has_known_end = response->is_to_head || response->is_chunked ||
                               response->has_length || response->status == 204 ||
                               response->status == 304;
    return response->state == KENAR_HTTP_AT_END && response->is_1_1 && has_known_end &&
           !response->has_close && !response->has_surplus;
}

static const char *end_of(const char *from, const char *end)
{
    return from < end ? memchr(from, 0, (size_t)(end - from)) : NULL;
}

bool kenar_http_next_field(const char *fields, size_t length, size_t *cursor,
                           struct kenar_http_field *field)
{
    if (*cursor >= length)
        return false;
    const char *const name = fields + *cursor, *const end = fields + length;
    const char *const name_end = end_of(name, end);
    const char *const value_end = name_end == NULL ? NULL : end_of(name_end + 1, end);
    if (value_end == NULL)
        return false;
    *field = (struct kenar_http_field){.name = name,
                                       .name_length = (size_t)(name_end - name),
                                       .value = name_end + 1,
                                       .value_length = (size_t)(value_end - name_end - 1)};
    *cursor = (size_t)(value_end + 1 - fields);
    return true;
}
