#include "json/tape.h"

#include <stdlib.h>

/* Doubles the capacity, from 64 on. NULL if memory is short. */
static void *grow(void *items, size_t *capacity, size_t size)
{
    const size_t larger = *capacity == 0 ? 64 : *capacity * 2;
    if (larger > SIZE_MAX / size)
        return NULL;
    void *moved = realloc(items, larger * size);
    if (moved != NULL)
        *capacity = larger;
    return moved;
}

bool kenar_json_tape_grow_nodes(struct kenar_json_tape *tape)
{
    struct kenar_json_node *nodes = grow(tape->nodes, &tape->capacity, sizeof *nodes);
    if (nodes == NULL)
        return false;
    tape->nodes = nodes;
    return true;
}

bool kenar_json_tape_grow_keys(struct kenar_json_tape *tape)
{
    struct kenar_json_open_key *keys = grow(tape->keys, &tape->key_capacity, sizeof *keys);
    if (keys == NULL)
        return false;
    tape->keys = keys;
    return true;
}

void kenar_json_tape_free(struct kenar_json_tape *tape)
{
    free(tape->nodes);
    free(tape->keys);
    kenar_buffer_free(&tape->text);
    *tape = (struct kenar_json_tape){0};
}

void kenar_json_tape_recycle(struct kenar_json_tape *tape)
{
    if (tape->capacity * sizeof *tape->nodes > KENAR_BUFFER_KEEP ||
        tape->key_capacity * sizeof *tape->keys > KENAR_BUFFER_KEEP)
        kenar_json_tape_free(tape);
    kenar_buffer_recycle(&tape->text);
    tape->document = NULL;
}
