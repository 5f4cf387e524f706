/* Where and why encoding stopped. */
#ifndef KENAR_JSON_FAULT_H
#define KENAR_JSON_FAULT_H

#include <stdbool.h>
#include <stddef.h>

struct kenar_fault {
    const char *message; /* what is wrong; a literal, or `text` below */
    char text[200];      /* room for a message that names values */
    char path[400];      /* where, from the value given: `a.b[3]`; "" is the value itself */
    bool out_of_memory;  /* the one fault that is no fault of the value: raise it */
};

/* The first step of every encoding; leaves `text` as it is. */
void kenar_fault_clear(struct kenar_fault *fault);

/* Each returns false, so that the finder of a fault can `return kenar_fault_...`. */
bool kenar_fault_set(struct kenar_fault *fault, const char *literal);
bool kenar_fault_format(struct kenar_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool kenar_fault_no_memory(struct kenar_fault *fault);

/* Put a step in front of the path, as the walk goes back up: `key` (or `["odd key"]`, with `?` for
 * bytes that cannot be shown) and `[index]`. A path too long for its room loses its deep end. */
void kenar_fault_prepend_key(struct kenar_fault *fault, const char *key, size_t count);
void kenar_fault_prepend_index(struct kenar_fault *fault, size_t index);

#endif
