/* An encoding error: its reason and its path in the value. */
#ifndef KENAR_JSON_FAULT_H
#define KENAR_JSON_FAULT_H

#include <stdbool.h>
#include <stddef.h>

struct kenar_fault {
    const char *message; /* the reason: a literal, or `text` */
    char text[200];      /* memory for a formatted message */
    char path[400];      /* the place in the value, for example `a.b[3]`; "" is the value itself */
    bool out_of_memory;  /* true if memory was short, for which the caller raises */
};

/* Initializes a fault before an encoding. Leaves `text` uninitialized. */
void kenar_fault_clear(struct kenar_fault *fault);

/* Set the message. They return false, so that a function can `return kenar_fault_set(...)`. */
bool kenar_fault_set(struct kenar_fault *fault, const char *literal);
bool kenar_fault_format(struct kenar_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool kenar_fault_no_memory(struct kenar_fault *fault);

/* Add a step to the front of the path: a key or an index. A key that is not a name becomes
 * `["key"]`, with `?` for bytes that cannot be shown. A path that is too long loses its end. */
void kenar_fault_prepend_key(struct kenar_fault *fault, const char *key, size_t count);
void kenar_fault_prepend_index(struct kenar_fault *fault, size_t index);

#endif
