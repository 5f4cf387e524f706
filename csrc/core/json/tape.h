/* A parsed JSON document as a flat list of nodes in the order of the text. Pure C.
 *
 *     { "a": [1, "x"] }    OBJECT(1)  KEY "a"  ARRAY(2)  INTEGER 1  STRING "x"
 */
#ifndef KENAR_JSON_TAPE_H
#define KENAR_JSON_TAPE_H

#include "text/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kenar_json_kind {
    KENAR_JSON_NULL,
    KENAR_JSON_FALSE,
    KENAR_JSON_TRUE,
    KENAR_JSON_INTEGER, /* no fraction, no exponent, fits 64 bits */
    KENAR_JSON_DOUBLE,
    KENAR_JSON_STRING,
    KENAR_JSON_KEY,
    KENAR_JSON_ARRAY,
    KENAR_JSON_OBJECT
};

struct kenar_json_node {
    uint8_t kind;
    bool unescaped;  /* the text is in the tape's own buffer, not in the document */
    uint32_t length; /* bytes of a STRING or KEY; elements of an ARRAY; pairs of an OBJECT */
    union {
        int64_t integer;
        double number;
        struct {
            uint32_t offset; /* from the start of the document or of the tape's buffer */
            uint32_t hash;   /* hash of a KEY or of a short STRING; 0 for a long STRING */
        } text;
    } as;
};

/* A key of an object that is still open. */
struct kenar_json_open_key {
    uint32_t hash;
    uint32_t node;
    uint32_t offset; /* offset of its opening quote in the document */
};

/* A zeroed tape is empty. Its memory is reused for the next document. */
struct kenar_json_tape {
    struct kenar_json_node *nodes;
    size_t count, capacity;
    unsigned deepest; /* the largest number of open containers */
    struct kenar_buffer text;
    struct kenar_json_open_key *keys;
    size_t key_count, key_capacity;
    const char *document;
    size_t document_length;
};

/* 2 GiB, because offsets have 32 bits and sizes in Lua are ints. */
enum { KENAR_JSON_LARGEST_DOCUMENT = INT32_MAX };

/* Double the capacity. False if memory is short; the tape is then unchanged. */
bool kenar_json_tape_grow_nodes(struct kenar_json_tape *tape);
bool kenar_json_tape_grow_keys(struct kenar_json_tape *tape);

/* Frees the memory. The tape can be used again. */
void kenar_json_tape_free(struct kenar_json_tape *tape);

/* Frees the memory of a large document, and keeps the memory of an ordinary document. */
void kenar_json_tape_recycle(struct kenar_json_tape *tape);

/* The bytes of a STRING or KEY. */
static inline const char *kenar_json_tape_bytes(const struct kenar_json_tape *tape,
                                                const struct kenar_json_node *node)
{
    return (node->unescaped ? tape->text.data : tape->document) + node->as.text.offset;
}

/* The number of readable bytes from the text of a STRING or KEY on. */
static inline size_t kenar_json_tape_available(const struct kenar_json_tape *tape,
                                               const struct kenar_json_node *node)
{
    return (node->unescaped ? tape->text.length : tape->document_length) - node->as.text.offset;
}

#endif
