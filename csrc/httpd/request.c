#include "request.h"

#include "field.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_KEEP = 8 * 1024, FIRST_FIELDS = 16, FIRST_BYTES = 256 };

/* Make room for `needed` elements, at least doubling. False when memory is short. */
static bool make_room(void **data, size_t *capacity, size_t needed, size_t first, size_t size)
{
    if (needed <= *capacity)
        return true;
    size_t larger = *capacity > 0 ? *capacity * 2 : first;
    if (larger < needed)
        larger = needed;
    void *moved = realloc(*data, larger * size);
    if (moved == NULL)
        return false;
    *data = moved;
    *capacity = larger;
    return true;
}

static bool make_room_for_bytes(char **data, size_t *capacity, size_t needed)
{
    void *bytes = *data;
    bool enough = make_room(&bytes, capacity, needed, FIRST_BYTES, 1);
    *data = bytes;
    return enough;
}

bool kenar_request_start(struct kenar_request *request, const char *target)
{
    request->method = NULL;
    request->field_count = 0;
    request->has_repeated = false;
    request->body_length = 0;
    request->target_length = 0;
    size_t length = strlen(target);
    if (!make_room_for_bytes(&request->target, &request->target_capacity, length + 1))
        return false;
    memcpy(request->target, target, length + 1);
    request->target_length = length;
    return true;
}

/* Spaces and control characters have no place in a target; bytes above ASCII are let through as
 * they are. */
static bool target_valid(const char *target, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)target[i];
        if (byte <= ' ' || byte == 0x7f)
            return false;
    }
    return length > 0;
}

struct header_reader {
    struct kenar_request *request;
    uint64_t
        seen; /* one bit for each kind of name met: most names are told apart without comparing */
    enum kenar_status status;
};

static bool met_before(const struct kenar_request *request, const struct kenar_field *field)
{
    for (size_t i = 0; i < request->field_count; i++) {
        const struct kenar_field *earlier = &request->fields[i];
        if (kenar_field_name_same(earlier->name, earlier->name_length, field->name,
                                  field->name_length))
            return true;
    }
    return false;
}

static enum kenar_status take_field(struct header_reader *reader, struct kenar_field *field)
{
    struct kenar_request *request = reader->request;
    /* "Content-Length : 5" has a space in its name: another server would read it as a length. */
    if (!kenar_field_name_valid(field->name, field->name_length) ||
        memchr(field->value, '\r', field->value_length) != NULL)
        return KENAR_STATUS_BAD_REQUEST;
    void *fields = request->fields;
    bool enough = make_room(&fields, &request->field_capacity, request->field_count + 1,
                            FIRST_FIELDS, sizeof(struct kenar_field));
    request->fields = fields;
    if (!enough)
        return KENAR_STATUS_UNAVAILABLE;
    kenar_field_trim(field);
    uint64_t bit = kenar_field_kind(field);
    if ((reader->seen & bit) != 0 && met_before(request, field)) {
        field->repeated = true;
        request->has_repeated = true;
    }
    reader->seen |= bit;
    request->fields[request->field_count++] = *field;
    return KENAR_STATUS_NONE;
}

/* Called for each field. The library sets the parameters. */
static enum MHD_Result field_iterator(void *closure, enum MHD_ValueKind kind, const char *name,
                                      size_t name_length, const char *value, size_t value_length)
{
    struct header_reader *reader = closure;
    struct kenar_field field = {.name = name,
                                .name_length = name_length,
                                .value = value != NULL ? value : "",
                                .value_length = value_length};
    (void)kind;
    reader->status = take_field(reader, &field);
    return reader->status == KENAR_STATUS_NONE ? MHD_YES : MHD_NO;
}

/* RFC 9112, 6.3: a body whose end two servers may see in different places is refused. */
static enum kenar_status judge_framing(const struct kenar_request *request, const char *version,
                                       size_t max_body)
{
    const struct kenar_field *length = NULL, *coding = NULL;
    for (size_t i = 0; i < request->field_count; i++) {
        const struct kenar_field *field = &request->fields[i];
        const struct kenar_field **framing = NULL;
        if (kenar_field_name_is(field->name, field->name_length, "content-length"))
            framing = &length;
        else if (kenar_field_name_is(field->name, field->name_length, "transfer-encoding"))
            framing = &coding;
        if (framing == NULL)
            continue;
        if (*framing != NULL)
            return KENAR_STATUS_BAD_REQUEST;
        *framing = field;
    }
    if (coding != NULL &&
        (length != NULL || !kenar_field_name_is(coding->value, coding->value_length, "chunked") ||
         strcmp(version, MHD_HTTP_VERSION_1_0) == 0))
        return KENAR_STATUS_BAD_REQUEST;
    if (length == NULL)
        return KENAR_STATUS_NONE;
    size_t announced = 0;
    for (size_t i = 0; i < length->value_length; i++) {
        if (length->value[i] < '0' || length->value[i] > '9')
            return KENAR_STATUS_BAD_REQUEST;
        announced = announced * 10 + (size_t)(length->value[i] - '0');
        if (announced > max_body)
            return KENAR_STATUS_TOO_LARGE;
    }
    return length->value_length > 0 ? KENAR_STATUS_NONE : KENAR_STATUS_BAD_REQUEST;
}

/* What the library needs of a connection's memory for this header: its bytes, a record for each
 * field, and all of that again for cookies, which it takes apart although nobody asks. */
static size_t memory_taken(const struct kenar_request *request, size_t header_length)
{
    enum { RECORD = 64 };
    size_t taken = header_length + request->field_count * RECORD;
    for (size_t i = 0; i < request->field_count; i++) {
        const struct kenar_field *field = &request->fields[i];
        if (!kenar_field_name_is(field->name, field->name_length, "cookie"))
            continue;
        taken += field->value_length + RECORD;
        for (size_t j = 0; j < field->value_length; j++) {
            if (field->value[j] == ';' || field->value[j] == ',')
                taken += RECORD;
        }
    }
    return taken;
}

enum kenar_status kenar_request_take_header(struct kenar_request *request,
                                            struct MHD_Connection *mhd, const char *method,
                                            const char *version, size_t max_body)
{
    struct header_reader reader = {.request = request};
    request->method = method;
    if (!target_valid(request->target, request->target_length))
        return KENAR_STATUS_BAD_REQUEST;
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, field_iterator, &reader);
    if (reader.status != KENAR_STATUS_NONE)
        return reader.status;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (info == NULL ||
        memory_taken(request, info->header_size) > KENAR_CONNECTION_MEMORY - KENAR_ANSWER_MEMORY)
        return KENAR_STATUS_HEADER_TOO_LARGE;
    return judge_framing(request, version, max_body);
}

enum kenar_status kenar_request_take_body(struct kenar_request *request, const char *bytes,
                                          size_t count, size_t max_body)
{
    if (count > max_body - request->body_length)
        return KENAR_STATUS_TOO_LARGE;
    if (!make_room_for_bytes(&request->body, &request->body_capacity, request->body_length + count))
        return KENAR_STATUS_UNAVAILABLE;
    memcpy(request->body + request->body_length, bytes, count);
    request->body_length += count;
    return KENAR_STATUS_NONE;
}

struct kenar_slice kenar_request_path(const struct kenar_request *request)
{
    struct kenar_slice path = {request->target, request->target_length};
    const char *query = memchr(path.bytes, '?', path.length);
    if (query != NULL)
        path.length = (size_t)(query - path.bytes);
    if (path.bytes[0] == '/')
        return path;
    const char *scheme_end = memmem(path.bytes, path.length, "://", 3);
    if (scheme_end == NULL)
        return path; /* "*", or an authority after CONNECT */
    const char *end = path.bytes + path.length;
    const char *slash = memchr(scheme_end + 3, '/', (size_t)(end - (scheme_end + 3)));
    if (slash == NULL)
        return (struct kenar_slice){"/", 1};
    return (struct kenar_slice){slash, (size_t)(end - slash)};
}

struct kenar_slice kenar_request_query(const struct kenar_request *request)
{
    const char *mark = memchr(request->target, '?', request->target_length);
    if (mark == NULL)
        return (struct kenar_slice){NULL, 0};
    return (struct kenar_slice){mark + 1,
                                (size_t)(request->target + request->target_length - mark - 1)};
}

void kenar_request_trim(struct kenar_request *request)
{
    if (request->body_capacity <= BODY_KEEP)
        return;
    free(request->body);
    request->body = NULL;
    request->body_length = request->body_capacity = 0;
}

void kenar_request_free(struct kenar_request *request)
{
    free(request->target);
    free(request->fields);
    free(request->body);
    *request = (struct kenar_request){0};
}
