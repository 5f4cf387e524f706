/* Parses arbitrary bytes as JSON. The parser must not crash, its nodes must stay within the text,
 * and the written form of its result must parse to the same nodes. */
#include "text/utf8.h"
#include "json/parse.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void write_text(struct kenar_buffer *out, const struct kenar_json_tape *tape,
                       const struct kenar_json_node *node)
{
    size_t bad_offset;
    const char *bytes = kenar_json_tape_bytes(tape, node);
    check(node->length <= kenar_json_tape_available(tape, node));
    check(kenar_utf8_valid_prefix(bytes, node->length) == node->length);
    check(kenar_json_write_string(out, bytes, node->length, &bad_offset));
}

/* Writes the value that begins at `node`. Returns the node after it. */
static const struct kenar_json_node *write_value(struct kenar_buffer *out,
                                                 const struct kenar_json_tape *tape,
                                                 const struct kenar_json_node *node)
{
    static const char *const words[] = {
        [KENAR_JSON_NULL] = "null", [KENAR_JSON_FALSE] = "false", [KENAR_JSON_TRUE] = "true"};
    const bool object = node->kind == KENAR_JSON_OBJECT;
    const uint32_t count = node->length;
    check(node < tape->nodes + tape->count);
    switch ((enum kenar_json_kind)node->kind) {
    case KENAR_JSON_NULL:
    case KENAR_JSON_FALSE:
    case KENAR_JSON_TRUE:
        check(kenar_buffer_add(out, words[node->kind], strlen(words[node->kind])));
        break;
    case KENAR_JSON_INTEGER:
        check(kenar_json_write_integer(out, node->as.integer));
        break;
    case KENAR_JSON_DOUBLE:
        check(kenar_json_write_double(out, node->as.number));
        break;
    case KENAR_JSON_KEY:
    case KENAR_JSON_STRING:
        write_text(out, tape, node);
        break;
    case KENAR_JSON_ARRAY:
    case KENAR_JSON_OBJECT:
        check(kenar_buffer_add_byte(out, object ? '{' : '['));
        node++;
        for (uint32_t i = 0; i < count; i++) {
            check(i == 0 || kenar_buffer_add_byte(out, ','));
            if (object) {
                check(node->kind == KENAR_JSON_KEY);
                write_text(out, tape, node++);
                check(kenar_buffer_add_byte(out, ':'));
            }
            node = write_value(out, tape, node);
        }
        check(kenar_buffer_add_byte(out, object ? '}' : ']'));
        return node;
    }
    return node + 1;
}

static double number_of(const struct kenar_json_node *node)
{
    return node->kind == KENAR_JSON_INTEGER ? (double)node->as.integer : node->as.number;
}

/* Compares two tapes. A double may come back as an integer, because 1.0 is written as 1. */
static void check_same(const struct kenar_json_tape *a, const struct kenar_json_tape *b)
{
    check(a->count == b->count && a->deepest == b->deepest);
    for (size_t i = 0; i < a->count; i++) {
        const struct kenar_json_node *left = a->nodes + i, *right = b->nodes + i;
        if (left->kind == KENAR_JSON_DOUBLE) {
            const double x = number_of(left), y = number_of(right);
            check(memcmp(&x, &y, sizeof x) == 0);
            continue;
        }
        check(left->kind == right->kind);
        if (left->kind == KENAR_JSON_INTEGER)
            check(left->as.integer == right->as.integer);
        if (left->kind >= KENAR_JSON_STRING)
            check(left->length == right->length);
        if (left->kind == KENAR_JSON_STRING || left->kind == KENAR_JSON_KEY)
            check(memcmp(kenar_json_tape_bytes(a, left), kenar_json_tape_bytes(b, right),
                         left->length) == 0 &&
                  left->as.text.hash == right->as.text.hash);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kenar_json_tape tape = {0}, again = {0};
    struct kenar_json_error error = {0};
    struct kenar_buffer written = {0};
    char *text = malloc(size + 1);
    check(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (kenar_json_parse(&tape, text, size, MAX_DEPTH, &error)) {
        check(tape.count > 0 && tape.deepest <= MAX_DEPTH);
        check(write_value(&written, &tape, tape.nodes) == tape.nodes + tape.count);
        check(kenar_buffer_add_byte(&written, '\0'));
        check(kenar_json_parse(&again, written.data, written.length - 1, MAX_DEPTH, &error));
        check_same(&tape, &again);
    } else {
        check(error.message != NULL && error.offset <= size);
    }
    kenar_buffer_free(&written);
    kenar_json_tape_free(&again);
    kenar_json_tape_free(&tape);
    free(text);
    return 0;
}
