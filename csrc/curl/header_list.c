#include "header_list.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The transport derives these from the body. A second length in the headers would allow request
 * smuggling. */
static const char *const owned_by_transport[] = {"content-length", "transfer-encoding", "expect"};

static bool append(struct kenar_header_list *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list->lines, line);
    if (longer == NULL) {
        return false;
    }
    list->lines = longer;
    return true;
}

struct kenar_header_list *kenar_header_list_new(void)
{
    struct kenar_header_list *list = calloc(1, sizeof *list);
    if (list == NULL) {
        return NULL;
    }
    list->references = 1;
    if (!append(list, "Expect:")) {
        free(list);
        return NULL;
    }
    return list;
}

bool kenar_header_is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL) {
            return false;
        }
    }
    return length > 0;
}

static bool is_plain_value(const char *value, size_t length)
{
    return memchr(value, '\r', length) == NULL && memchr(value, '\n', length) == NULL &&
           memchr(value, '\0', length) == NULL;
}

static bool is_blank(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (value[i] != ' ' && value[i] != '\t') {
            return false;
        }
    }
    return true;
}

static bool equals_ignoring_case(const char *known, const char *name, size_t length)
{
    return strlen(known) == length && strncasecmp(known, name, length) == 0;
}

const char *kenar_header_list_add(struct kenar_header_list *list, const char *name,
                                  size_t name_length, const char *value, size_t value_length)
{
    char *line;
    bool blank, appended;
    if (!is_plain_value(value, value_length)) {
        return "has CR, LF or NUL in its value";
    }
    for (size_t i = 0; i < sizeof owned_by_transport / sizeof *owned_by_transport; i++) {
        if (equals_ignoring_case(owned_by_transport[i], name, name_length)) {
            return "is written by the transport itself: leave it out";
        }
    }
    if (name_length + value_length > 64 * 1024) {
        return "is longer than 64 KiB";
    }
    line = malloc(name_length + value_length + 3);
    if (line == NULL) {
        return "does not fit in memory";
    }
    /* libcurl sends an empty header for "name;" and no header for "name:". */
    blank = is_blank(value, value_length);
    memcpy(line, name, name_length);
    memcpy(line + name_length, blank ? ";" : ": ", blank ? 2 : 3);
    if (!blank) {
        memcpy(line + name_length + 2, value, value_length);
        line[name_length + 2 + value_length] = '\0';
    }
    appended = append(list, line);
    free(line);
    if (!appended) {
        return "does not fit in memory";
    }
    list->count++;
    list->has_content_type =
        list->has_content_type || equals_ignoring_case("content-type", name, name_length);
    return NULL;
}

bool kenar_header_list_finish(struct kenar_header_list *list)
{
    /* Without a Content-Type from the caller, libcurl would declare the body a form. */
    return list->has_content_type || append(list, "Content-Type:");
}

struct curl_slist *kenar_header_list_lines(const struct kenar_header_list *list, uint64_t body_size)
{
    /* libcurl adds Expect only to bodies of 1 MiB and more, so smaller bodies need no line that
     * removes it. */
    return body_size < 1024 * 1024 ? list->lines->next : list->lines;
}

void kenar_header_list_retain(struct kenar_header_list *list)
{
    list->references++;
}

void kenar_header_list_release(struct kenar_header_list *list)
{
    if (list != NULL && --list->references == 0) {
        curl_slist_free_all(list->lines);
        free(list);
    }
}
