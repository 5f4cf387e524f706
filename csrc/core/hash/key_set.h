/* A set of strings, each with a state of its own, that keeps 16 bytes for each and not the string.
 *
 * A string is known by 124 bits of its SipHash under a secret of the set: among a million of them
 * that two are taken for one has odds of one to 10^25. Nothing is ever removed. Pure C. */
#ifndef KENAR_HASH_KEY_SET_H
#define KENAR_HASH_KEY_SET_H

#include "hash/siphash.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    KENAR_KEY_STATES = 8, /* a state is a number below it */
    /* The set grows by one part at a time: no pause while a million are moved, and never twice the
     * memory. */
    KENAR_KEY_PARTS = 64
};

struct kenar_key_part {
    struct kenar_siphash
        *slots; /* open addressing; the state stands in the lowest bits of second */
    uint32_t capacity, count;
};

struct kenar_key_set {
    unsigned char secret[KENAR_SIPHASH_SECRET];
    size_t count;
    struct kenar_key_part parts[KENAR_KEY_PARTS];
};

/* Give a key a state. `*previous` is the one it had, or -1 when it is new. False, with nothing
 * changed, when memory is short. The set begins as zeroes and a secret. */
bool kenar_key_set_put(struct kenar_key_set *set, const char *key, size_t length, int state,
                       int *previous);

/* The state of a key, or -1. */
int kenar_key_set_get(const struct kenar_key_set *set, const char *key, size_t length);

/* The memory that its keys take. */
size_t kenar_key_set_bytes(const struct kenar_key_set *set);

/* Forget all keys; may be called again. */
void kenar_key_set_free(struct kenar_key_set *set);

#endif
