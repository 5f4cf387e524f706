/* Header fields: what a name may be (RFC 9110, 5.1), and comparing names without regard to case. */
#ifndef KENAR_HTTPD_FIELD_H
#define KENAR_HTTPD_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer names are refused: they are lower-cased in a buffer on the stack. */
enum { KENAR_FIELD_NAME_MAX = 256 };

/* Bytes owned by libmicrohttpd; they stay until the exchange is over. */
struct kenar_field {
    const char *name, *value;
    size_t name_length, value_length;
    bool repeated; /* an earlier field has the same name */
};

/* Whether the bytes are a field name: 1..KENAR_FIELD_NAME_MAX token characters. */
bool kenar_field_name_valid(const char *name, size_t length);

/* Write the name in lower case; `to` has room for `length` bytes. Only ASCII letters change. */
void kenar_field_name_lower(char *to, const char *name, size_t length);

/* Whether two names are the same. */
bool kenar_field_name_same(const char *a, size_t a_length, const char *b, size_t b_length);

/* Whether the bytes are `lower`, a literal in lower case. */
#define kenar_field_name_is(name, length, lower)                                                   \
    ((length) == sizeof(lower) - 1 &&                                                              \
     kenar_field_name_same((name), (length), (lower), sizeof(lower) - 1))

/* Take spaces and tabs off the end of the value; those before it are gone already. */
void kenar_field_trim(struct kenar_field *field);

/* One bit of 64 for the name, without regard to case: names with different bits are different. */
uint64_t kenar_field_kind(const struct kenar_field *field);

#endif
