/* Request headers, checked and put together once, sent many times; counted, for transfers and Lua
 * share them. */
#ifndef KENAR_CURL_HEADER_LIST_H
#define KENAR_CURL_HEADER_LIST_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kenar_header_list {
    struct curl_slist *lines; /* the first is "Expect:" */
    size_t references;
    size_t count; /* of the caller's headers */
    bool has_content_type;
};

/* NULL when memory is short. Holds one reference. */
struct kenar_header_list *kenar_header_list_new(void);

/* Whether it is a token, as names of headers are. */
bool kenar_header_is_name(const char *name, size_t length);

/* NULL, or what is wrong (a static string, nothing of the value in it): a name that the transport
 * itself writes, or a value with CR, LF or NUL. The name is one. */
const char *kenar_header_list_add(struct kenar_header_list *list, const char *name,
                                  size_t name_length, const char *value, size_t value_length);

/* Adds what silences the headers that libcurl adds on its own. False when memory is short. */
bool kenar_header_list_finish(struct kenar_header_list *list);

/* The lines to send with a body of this size. */
struct curl_slist *kenar_header_list_lines(const struct kenar_header_list *list,
                                           uint64_t body_size);

void kenar_header_list_retain(struct kenar_header_list *list);

/* Frees it with the last reference; NULL is fine. */
void kenar_header_list_release(struct kenar_header_list *list);

#endif
