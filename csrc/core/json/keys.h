/* Finds a repeated key in an object. */
#ifndef KENAR_JSON_KEYS_H
#define KENAR_JSON_KEYS_H

#include "json/tape.h"

/* The hash of a key. `available` bytes, at least `length`, must be readable from `bytes` on. */
uint32_t kenar_json_key_hash(const char *bytes, size_t length, size_t available);

/* Returns a repeated key of the object whose keys are the tape's open keys from `first` on, or
 * NULL. Reorders these keys. Takes n log n steps even if an attacker chooses the keys. */
const struct kenar_json_open_key *kenar_json_repeated_key(struct kenar_json_tape *tape,
                                                          size_t first);

#endif
