#include "response.h"

#include "field.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

/* Longer bodies are not worth comparing with the last one. */
enum {
    CACHED_BODY_MAX = 512,
    DRAFT_KEEP = 16 * 1024,
    FIRST_BYTES = 256,
    CUT_BLOCK = 4096,
    STREAM_BLOCK = 16 * 1024
};

static bool append(struct kenar_draft *draft, const char *bytes, size_t count)
{
    if (count > draft->capacity - draft->length) {
        size_t larger = draft->capacity > 0 ? draft->capacity * 2 : FIRST_BYTES;
        if (larger < draft->length + count)
            larger = draft->length + count;
        char *moved = realloc(draft->bytes, larger);
        if (moved == NULL)
            return false;
        draft->bytes = moved;
        draft->capacity = larger;
    }
    if (count > 0)
        memcpy(draft->bytes + draft->length, bytes, count);
    draft->length += count;
    return true;
}

void kenar_draft_start(struct kenar_draft *draft)
{
    if (draft->capacity > DRAFT_KEEP)
        kenar_draft_free(draft);
    draft->length = 0;
    draft->fields_length = 0;
    draft->close = false;
}

void kenar_draft_free(struct kenar_draft *draft)
{
    free(draft->bytes);
    *draft = (struct kenar_draft){0};
}

static bool belongs_to_server(const char *name, size_t length)
{
    return kenar_field_name_is(name, length, "content-length") ||
           kenar_field_name_is(name, length, "transfer-encoding") ||
           kenar_field_name_is(name, length, "keep-alive");
}

static bool value_valid(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (value[i] == '\r' || value[i] == '\n' || value[i] == '\0')
            return false;
    }
    return true;
}

enum kenar_draft_fault kenar_draft_add_field(struct kenar_draft *draft, const char *name,
                                             size_t name_length, const char *value,
                                             size_t value_length)
{
    if (!kenar_field_name_valid(name, name_length))
        return KENAR_DRAFT_BAD_NAME;
    if (!value_valid(value, value_length))
        return KENAR_DRAFT_BAD_VALUE;
    if (kenar_field_name_is(name, name_length, "connection")) {
        draft->close = draft->close || kenar_field_name_is(value, value_length, "close");
        return KENAR_DRAFT_OK;
    }
    if (value_length == 0 || belongs_to_server(name, name_length))
        return KENAR_DRAFT_OK;
    if (draft->length + name_length + value_length > KENAR_ANSWER_FIELDS_MAX)
        return KENAR_DRAFT_TOO_LONG;
    if (!append(draft, name, name_length) || !append(draft, "", 1) ||
        !append(draft, value, value_length) || !append(draft, "", 1))
        return KENAR_DRAFT_NO_MEMORY;
    draft->fields_length = draft->length;
    return KENAR_DRAFT_OK;
}

static bool add_fields(struct MHD_Response *mhd, const struct kenar_draft *draft)
{
    size_t at = 0;
    while (at < draft->fields_length) {
        const char *name = draft->bytes + at;
        const char *value = name + strlen(name) + 1;
        if (MHD_add_response_header(mhd, name, value) != MHD_YES)
            return false;
        at += strlen(name) + strlen(value) + 2;
    }
    return !draft->close ||
           MHD_add_response_header(mhd, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
}

/* Takes `mhd` over, which is NULL when memory was short. */
static struct kenar_response *finish(struct MHD_Response *mhd, const struct kenar_draft *draft)
{
    struct kenar_response *response = mhd != NULL ? malloc(sizeof(*response)) : NULL;
    if (response == NULL) {
        if (mhd != NULL)
            MHD_destroy_response(mhd);
        return NULL;
    }
    *response = (struct kenar_response){.mhd = mhd, .holders = 1};
    if (add_fields(mhd, draft))
        return response;
    kenar_response_drop(response);
    return NULL;
}

static struct kenar_response *make(const struct kenar_draft *draft, const char *body,
                                   size_t body_length)
{
    /* The library copies the body, and yet asks for a pointer through which it could be changed. */
    union {
        const char *given;
        void *asked;
    } bytes = {.given = body};
    return finish(MHD_create_response_from_buffer(body_length, bytes.asked, MHD_RESPMEM_MUST_COPY),
                  draft);
}

/* What is sent of a body that is cut. */
struct beginning {
    size_t length;
    char bytes[];
};

static ssize_t read_beginning(void *closure, uint64_t position, char *room, size_t size)
{
    const struct beginning *beginning = closure;
    if (position >= beginning->length)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t count = beginning->length - (size_t)position;
    if (count > size)
        count = size;
    memcpy(room, beginning->bytes + position, count);
    return (ssize_t)count;
}

struct kenar_response *kenar_response_make_cut(const struct kenar_draft *draft, const char *body,
                                               size_t body_length, size_t cut)
{
    struct beginning *beginning = malloc(sizeof(*beginning) + cut);
    if (beginning == NULL)
        return NULL;
    beginning->length = cut;
    memcpy(beginning->bytes, body, cut);
    struct MHD_Response *mhd =
        MHD_create_response_from_callback(body_length, CUT_BLOCK, read_beginning, beginning, free);
    if (mhd == NULL)
        free(beginning);
    return finish(mhd, draft);
}

struct kenar_response *kenar_response_make_stream(const struct kenar_draft *draft,
                                                  struct kenar_stream *stream)
{
    return finish(MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
                                                    kenar_stream_read, stream, NULL),
                  draft);
}

static bool same(const struct kenar_draft *a, const struct kenar_draft *b)
{
    return a->close == b->close && a->length == b->length && a->fields_length == b->fields_length &&
           (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

struct kenar_response *kenar_response_make(struct kenar_response_cache *cache,
                                           struct kenar_draft *draft, const char *body,
                                           size_t body_length)
{
    if (body_length > CACHED_BODY_MAX || !append(draft, body, body_length))
        return make(draft, body, body_length);
    if (cache->response == NULL || !same(&cache->draft, draft)) {
        struct kenar_response *response = make(draft, body, body_length);
        if (response == NULL)
            return NULL;
        if (cache->response != NULL)
            kenar_response_drop(cache->response);
        cache->response = response;
        struct kenar_draft last = cache->draft;
        cache->draft = *draft;
        *draft = last;
    }
    cache->response->holders++;
    return cache->response;
}

void kenar_response_drop(struct kenar_response *response)
{
    if (--response->holders > 0)
        return;
    MHD_destroy_response(response->mhd);
    free(response);
}

void kenar_response_cache_free(struct kenar_response_cache *cache)
{
    if (cache->response != NULL)
        kenar_response_drop(cache->response);
    kenar_draft_free(&cache->draft);
    *cache = (struct kenar_response_cache){0};
}

const char *kenar_response_last_words(enum kenar_status status)
{
#define LAST_WORDS(status, reason)                                                                 \
    {                                                                                              \
        status, "HTTP/1.1 " reason "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"            \
    }
    static const struct {
        enum kenar_status status;
        const char *bytes;
    } words[] = {
        LAST_WORDS(KENAR_STATUS_BAD_REQUEST, "400 Bad Request"),
        LAST_WORDS(KENAR_STATUS_TIMEOUT, "408 Request Timeout"),
        LAST_WORDS(KENAR_STATUS_TOO_LARGE, "413 Content Too Large"),
        LAST_WORDS(KENAR_STATUS_HEADER_TOO_LARGE, "431 Request Header Fields Too Large"),
        LAST_WORDS(KENAR_STATUS_UNAVAILABLE, "503 Service Unavailable"),
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i].status == status)
            return words[i].bytes;
    }
    return "";
}
