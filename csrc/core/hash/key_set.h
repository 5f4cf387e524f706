/* A set of strings, each with a state. It keeps 16 bytes for a string, not the string itself.
 *
 * A string is identified by 124 bits of its SipHash under a secret of the set. The probability that
 * two of a million strings are confused is 1 to 10^25. Strings are never removed. Pure C. */
#ifndef KENAR_HASH_KEY_SET_H
#define KENAR_HASH_KEY_SET_H

#include "hash/siphash.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    KENAR_KEY_STATES = 8, /* states are 0 to 7 */
    /* The parts grow one at a time. So no single put moves a million keys, and the memory never
     * doubles. */
    KENAR_KEY_PARTS = 64
};

struct kenar_key_part {
    struct kenar_siphash *slots; /* open addressing; the state is in the lowest bits of `second` */
    uint32_t capacity, count;
};

struct kenar_key_set {
    unsigned char secret[KENAR_SIPHASH_SECRET];
    size_t count;
    struct kenar_key_part parts[KENAR_KEY_PARTS];
};

/* Sets the state of a key. `*previous` is its earlier state, or -1 if the key is new. False if
 * memory is short; the set is then unchanged. A new set is zeroed, with a secret. */
bool kenar_key_set_put(struct kenar_key_set *set, const char *key, size_t length, int state,
                       int *previous);

/* The state of a key, or -1 if the set does not have it. */
int kenar_key_set_get(const struct kenar_key_set *set, const char *key, size_t length);

/* The memory of all keys in bytes. */
size_t kenar_key_set_bytes(const struct kenar_key_set *set);

/* Removes all keys and frees their memory. May be called again. */
void kenar_key_set_free(struct kenar_key_set *set);

#endif
