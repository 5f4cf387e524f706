#include "hash/key_set.h"

#include <stdlib.h>

/* An empty slot is zero. A taken slot has a bit that is always set. */
enum { TAKEN = KENAR_KEY_STATES, TAG = 2 * KENAR_KEY_STATES - 1, SMALLEST = 16 };

static uint64_t without_tag(uint64_t word)
{
    return word & ~(uint64_t)TAG;
}

static bool is_taken(const struct kenar_siphash *slot)
{
    return (slot->second & TAKEN) != 0;
}

/* The highest bits select the part. The bits below select the slot. */
static size_t part_of(struct kenar_siphash hash)
{
    return (size_t)(hash.first >> 58);
}

/* The slot of a hash, or the empty slot for it. A part always has an empty slot. */
static struct kenar_siphash *find_slot(const struct kenar_key_part *part, struct kenar_siphash hash)
{
    const uint64_t place = (hash.first >> 26) & UINT32_MAX;
    size_t i = (size_t)(place * part->capacity >> 32);
    while (is_taken(&part->slots[i]) &&
           (part->slots[i].first != hash.first ||
            without_tag(part->slots[i].second) != without_tag(hash.second)))
        i = i + 1 == part->capacity ? 0 : i + 1;
    return &part->slots[i];
}

/* Grows by half instead of doubling, which leaves fewer slots empty. */
static bool grow(struct kenar_key_part *part)
{
    struct kenar_key_part larger = {.count = part->count};
    if (part->capacity > UINT32_MAX / 3)
        return false;
    larger.capacity = part->capacity == 0 ? SMALLEST : part->capacity + part->capacity / 2;
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < part->capacity; i++)
        if (is_taken(&part->slots[i]))
            *find_slot(&larger, part->slots[i]) = part->slots[i];
    free(part->slots);
    *part = larger;
    return true;
}

/* At four fifths. Beyond that, probing takes too many steps. */
static bool is_full(const struct kenar_key_part *part)
{
    return part->capacity == 0 || part->count >= part->capacity - part->capacity / 5;
}

bool kenar_key_set_put(struct kenar_key_set *set, const char *key, size_t length, int state,
                       int *previous)
{
    struct kenar_siphash hash = kenar_siphash(set->secret, key, length);
    struct kenar_key_part *part = &set->parts[part_of(hash)];
    struct kenar_siphash *slot = part->capacity > 0 ? find_slot(part, hash) : NULL;
    *previous = -1;
    if (slot != NULL && is_taken(slot)) {
        *previous = (int)(slot->second & (TAKEN - 1));
    } else {
        if (is_full(part)) {
            if (!grow(part))
                return false;
            slot = find_slot(part, hash);
        }
        part->count++;
        set->count++;
    }
    slot->first = hash.first;
    slot->second = without_tag(hash.second) | TAKEN | ((uint64_t)state & (TAKEN - 1));
    return true;
}

int kenar_key_set_get(const struct kenar_key_set *set, const char *key, size_t length)
{
    struct kenar_siphash hash = kenar_siphash(set->secret, key, length);
    const struct kenar_key_part *part = &set->parts[part_of(hash)];
    if (part->capacity == 0)
        return -1;
    const struct kenar_siphash *slot = find_slot(part, hash);
    return is_taken(slot) ? (int)(slot->second & (TAKEN - 1)) : -1;
}

size_t kenar_key_set_bytes(const struct kenar_key_set *set)
{
    size_t bytes = 0;
    for (size_t i = 0; i < KENAR_KEY_PARTS; i++)
        bytes += set->parts[i].capacity * sizeof *set->parts[i].slots;
    return bytes;
}

void kenar_key_set_free(struct kenar_key_set *set)
{
    for (size_t i = 0; i < KENAR_KEY_PARTS; i++) {
        free(set->parts[i].slots);
        set->parts[i] = (struct kenar_key_part){.slots = NULL};
    }
    set->count = 0;
}
