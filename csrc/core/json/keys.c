#include "json/keys.h"

#include "text/short.h"

#include <string.h>

enum { PAIRWISE_LIMIT = 24 };

uint32_t kenar_json_key_hash(const char *bytes, size_t length, size_t available)
{
    uint64_t hash = length;
    while (length > KENAR_SHORT_TEXT) {
        const struct kenar_short_text piece =
            kenar_short_text_load(bytes, KENAR_SHORT_TEXT, KENAR_SHORT_TEXT);
        hash = kenar_short_text_mix(hash, piece);
        bytes += KENAR_SHORT_TEXT;
        length -= KENAR_SHORT_TEXT;
        available -= KENAR_SHORT_TEXT;
    }
    return (uint32_t)kenar_short_text_mix(hash, kenar_short_text_load(bytes, length, available));
}

static int compare(const struct kenar_json_tape *tape, struct kenar_json_open_key a,
                   struct kenar_json_open_key b)
{
    if (a.hash != b.hash)
        return a.hash < b.hash ? -1 : 1;
    const struct kenar_json_node *left = tape->nodes + a.node, *right = tape->nodes + b.node;
    if (left->length != right->length)
        return left->length < right->length ? -1 : 1;
    return memcmp(kenar_json_tape_bytes(tape, left), kenar_json_tape_bytes(tape, right),
                  left->length);
}

static void sift_down(const struct kenar_json_tape *tape, struct kenar_json_open_key *heap,
                      size_t root, size_t count)
{
    const struct kenar_json_open_key moved = heap[root];
    for (size_t child; (child = root * 2 + 1) < count; root = child) {
        if (child + 1 < count && compare(tape, heap[child], heap[child + 1]) < 0)
            child++;
        if (compare(tape, moved, heap[child]) >= 0)
            break;
        heap[root] = heap[child];
    }
    heap[root] = moved;
}

/* A heap sort, because it needs no memory and n log n steps in the worst case. */
static void sort(const struct kenar_json_tape *tape, struct kenar_json_open_key *keys, size_t count)
{
    for (size_t root = count / 2; root-- > 0;)
        sift_down(tape, keys, root, count);
    for (size_t last = count - 1; last > 0; last--) {
        const struct kenar_json_open_key largest = keys[0];
        keys[0] = keys[last];
        keys[last] = largest;
        sift_down(tape, keys, 0, last);
    }
}

/* The later of two equal keys, in the order of the document. NULL if the keys differ. */
static const struct kenar_json_open_key *later_of_equal(const struct kenar_json_tape *tape,
                                                        const struct kenar_json_open_key *a,
                                                        const struct kenar_json_open_key *b)
{
    if (a->hash != b->hash || compare(tape, *a, *b) != 0)
        return NULL;
    return a->node > b->node ? a : b;
}

const struct kenar_json_open_key *kenar_json_repeated_key(struct kenar_json_tape *tape,
                                                          size_t first)
{
    const size_t count = tape->key_count - first;
    if (count < 2)
        return NULL;
    struct kenar_json_open_key *keys = tape->keys + first;
    const struct kenar_json_open_key *repeated;
    if (count > PAIRWISE_LIMIT) {
        sort(tape, keys, count);
        for (size_t i = 1; i < count; i++)
            if ((repeated = later_of_equal(tape, keys + i - 1, keys + i)) != NULL)
                return repeated;
        return NULL;
    }
    /* One bit for each hash. If no two keys share a bit, all keys differ. */
    uint64_t seen = 0, shared = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t mark = UINT64_C(1) << (keys[i].hash & 63);
        shared |= seen & mark;
        seen |= mark;
    }
    for (size_t i = 1; shared != 0 && i < count; i++)
        for (size_t j = 0; j < i; j++)
            if ((repeated = later_of_equal(tape, keys + j, keys + i)) != NULL)
                return repeated;
    return NULL;
}
