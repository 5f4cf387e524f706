/* Request headers that are checked and formatted once and sent many times. References are counted,
 * because transfers and Lua share a list. */
#ifndef KENAR_CURL_HEADER_LIST_H
#define KENAR_CURL_HEADER_LIST_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kenar_header_list {
    struct curl_slist *lines; /* the first line is "Expect:" */
    size_t references;
    size_t count; /* headers from the caller */
    bool has_content_type;
};

/* Returns an empty list with one reference, or NULL if memory is short. */
struct kenar_header_list *kenar_header_list_new(void);

/* Whether the name is a token (RFC 9110). */
bool kenar_header_is_name(const char *name, size_t length);

/* Adds a header whose name has passed kenar_header_is_name. Returns NULL, or a static string that
 * says what is wrong and repeats nothing of the value. Refused are names that the transport writes
 * itself, values with CR, LF or NUL, and headers longer than 64 KiB. */
const char *kenar_header_list_add(struct kenar_header_list *list, const char *name,
                                  size_t name_length, const char *value, size_t value_length);

/* Adds the lines that remove libcurl's own headers. False if memory is short. */
bool kenar_header_list_finish(struct kenar_header_list *list);

/* The lines for a request with a body of `body_size` bytes. */
struct curl_slist *kenar_header_list_lines(const struct kenar_header_list *list,
                                           uint64_t body_size);

/* Adds a reference. */
void kenar_header_list_retain(struct kenar_header_list *list);

/* Drops a reference. The last one frees the list. NULL is allowed. */
void kenar_header_list_release(struct kenar_header_list *list);

#endif
