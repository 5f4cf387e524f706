/* Whether a key stands twice in one object. */
#ifndef KENAR_JSON_KEYS_H
#define KENAR_JSON_KEYS_H

#include "json/tape.h"

/* A number that keys with the same bytes share. From `bytes` on `available` bytes, no less than
 * `length`, may be read. */
uint32_t kenar_json_key_hash(const char *bytes, size_t length, size_t available);

/* The tape's open keys from `first` on are one object's. A key that stands there a second time, or
 * NULL. Changes their order. Never quadratic, whatever keys a stranger chooses. */
const struct kenar_json_open_key *kenar_json_repeated_key(struct kenar_json_tape *tape,
                                                          size_t first);

#endif
