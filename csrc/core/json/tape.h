/* A JSON document, checked and taken apart: a flat list of nodes in the order of the text, from
 * which another structure is built without looking at the text again. Pure C.
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
    bool unescaped; /* the bytes stand in the tape's own text, not in the document */
    uint32_t
        length; /* of a STRING or KEY in bytes; how many elements or pairs of an ARRAY or OBJECT */
    union {
        int64_t integer;
        double number;
        struct {
            uint32_t offset; /* from the start of the document, or of the tape's text */
            uint32_t hash;   /* of the bytes of a KEY; of a STRING when it is short, else 0 */
        } text;
    } as;
};

/* A key of an object that is still open. */
struct kenar_json_open_key {
    uint32_t hash;
    uint32_t node;
    uint32_t offset; /* of its opening quote in the document */
};

/* All zero is an empty tape. The memory is reused from document to document. */
struct kenar_json_tape {
    struct kenar_json_node *nodes;
    size_t count, capacity;
    unsigned deepest; /* how many containers were open at once */
    struct kenar_buffer text;
    struct kenar_json_open_key *keys;
    size_t key_count, key_capacity;
    const char *document;
    size_t document_length;
};

/* 2 GiB: offsets are kept in 32 bits, and Lua's sizes are ints. */
enum { KENAR_JSON_LARGEST_DOCUMENT = INT32_MAX };

bool kenar_json_tape_grow_nodes(struct kenar_json_tape *tape);
bool kenar_json_tape_grow_keys(struct kenar_json_tape *tape);

/* Free the memory; the tape can be used again. */
void kenar_json_tape_free(struct kenar_json_tape *tape);

/* Give memory back that one large document took. */
void kenar_json_tape_recycle(struct kenar_json_tape *tape);

/* The bytes of a STRING or KEY. */
static inline const char *kenar_json_tape_bytes(const struct kenar_json_tape *tape,
                                                const struct kenar_json_node *node)
{
    return (node->unescaped ? tape->text.data : tape->document) + node->as.text.offset;
}

/* How many bytes may be read from there on. */
static inline size_t kenar_json_tape_available(const struct kenar_json_tape *tape,
                                               const struct kenar_json_node *node)
{
    return (node->unescaped ? tape->text.length : tape->document_length) - node->as.text.offset;
}

#endif
