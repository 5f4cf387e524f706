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

bool request_start(struct request *request, const char *target)
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
    struct request *request;
    uint64_t
        seen; /* one bit for each kind of name met: most names are told apart without comparing */
    enum status status;
};

static bool met_before(const struct request *request, const struct field *field)
{
    for (size_t i = 0; i < request->field_count; i++) {
        const struct field *earlier = &request->fields[i];
        if (field_name_same(earlier->name, earlier->name_length, field->name, field->name_length))
            return true;
    }
    return false;
}

static enum MHD_Result take_field(void *closure, enum MHD_ValueKind kind, const char *name,
                                  size_t name_length, const char *value, size_t value_length)
{
    struct header_reader *reader = closure;
    struct request *request = reader->request;
    (void)kind;
    /* "Content-Length : 5" has a space in its name: another server would read it as a length. */
    if (!field_name_valid(name, name_length) ||
        (value_length > 0 && memchr(value, '\r', value_length) != NULL)) {
        reader->status = STATUS_BAD_REQUEST;
        return MHD_NO;
    }
    void *fields = request->fields;
    bool enough = make_room(&fields, &request->field_capacity, request->field_count + 1,
                            FIRST_FIELDS, sizeof(struct field));
    request->fields = fields;
    if (!enough) {
        reader->status = STATUS_UNAVAILABLE;
        return MHD_NO;
    }
    struct field *field = &request->fields[request->field_count];
    *field = (struct field){.name = name,
                            .name_length = name_length,
                            .value = value != NULL ? value : "",
                            .value_length = value_length};
    field_trim(field);
    uint64_t bit = field_kind(field);
    if ((reader->seen & bit) != 0 && met_before(request, field)) {
        field->repeated = true;
        request->has_repeated = true;
    }
    reader->seen |= bit;
    request->field_count++;
    return MHD_YES;
}

/* RFC 9112, 6.3: a body whose end two servers may see in different places is refused. */
static enum status judge_framing(const struct request *request, const char *version,
                                 size_t max_body)
{
    const struct field *length = NULL, *coding = NULL;
    for (size_t i = 0; i < request->field_count; i++) {
        const struct field *field = &request->fields[i];
        const struct field **framing = NULL;
        if (field_name_is(field->name, field->name_length, "content-length"))
            framing = &length;
        else if (field_name_is(field->name, field->name_length, "transfer-encoding"))
            framing = &coding;
        if (framing == NULL)
            continue;
        if (*framing != NULL)
            return STATUS_BAD_REQUEST;
        *framing = field;
    }
    if (coding != NULL &&
        (length != NULL || !field_name_is(coding->value, coding->value_length, "chunked") ||
         strcmp(version, MHD_HTTP_VERSION_1_0) == 0))
        return STATUS_BAD_REQUEST;
    if (length == NULL)
        return STATUS_NONE;
    size_t announced = 0;
    for (size_t i = 0; i < length->value_length; i++) {
        if (length->value[i] < '0' || length->value[i] > '9')
            return STATUS_BAD_REQUEST;
        announced = announced * 10 + (size_t)(length->value[i] - '0');
        if (announced > max_body)
            return STATUS_TOO_LARGE;
    }
    return length->value_length > 0 ? STATUS_NONE : STATUS_BAD_REQUEST;
}

/* What the library needs of a connection's memory for this header: its bytes, a record for each
 * field, and all of that again for cookies, which it takes apart although nobody asks. */
static size_t memory_taken(const struct request *request, size_t header_length)
{
    enum { RECORD = 64 };
    size_t taken = header_length + request->field_count * RECORD;
    for (size_t i = 0; i < request->field_count; i++) {
        const struct field *field = &request->fields[i];
        if (!field_name_is(field->name, field->name_length, "cookie"))
            continue;
        taken += field->value_length + RECORD;
        for (size_t j = 0; j < field->value_length; j++) {
            if (field->value[j] == ';' || field->value[j] == ',')
                taken += RECORD;
        }
    }
    return taken;
}

enum status request_take_header(struct request *request, struct MHD_Connection *mhd,
                                const char *method, const char *version, size_t max_body)
{
    struct header_reader reader = {.request = request};
    request->method = method;
    if (!target_valid(request->target, request->target_length))
        return STATUS_BAD_REQUEST;
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, take_field, &reader);
    if (reader.status != STATUS_NONE)
        return reader.status;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (info == NULL ||
        memory_taken(request, info->header_size) > CONNECTION_MEMORY - ANSWER_MEMORY)
        return STATUS_HEADER_TOO_LARGE;
    return judge_framing(request, version, max_body);
}

enum status request_take_body(struct request *request, const char *bytes, size_t count,
                              size_t max_body)
{
    if (count > max_body - request->body_length)
        return STATUS_TOO_LARGE;
    if (!make_room_for_bytes(&request->body, &request->body_capacity, request->body_length + count))
        return STATUS_UNAVAILABLE;
    memcpy(request->body + request->body_length, bytes, count);
    request->body_length += count;
    return STATUS_NONE;
}

struct slice request_path(const struct request *request)
{
    struct slice path = {request->target, request->target_length};
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
        return (struct slice){"/", 1};
    return (struct slice){slash, (size_t)(end - slash)};
}

struct slice request_query(const struct request *request)
{
    const char *mark = memchr(request->target, '?', request->target_length);
    if (mark == NULL)
        return (struct slice){NULL, 0};
    return (struct slice){mark + 1, (size_t)(request->target + request->target_length - mark - 1)};
}

void request_trim(struct request *request)
{
    if (request->body_capacity <= BODY_KEEP)
        return;
    free(request->body);
    request->body = NULL;
    request->body_length = request->body_capacity = 0;
}

void request_free(struct request *request)
{
    free(request->target);
    free(request->fields);
    free(request->body);
    *request = (struct request){0};
}
