/* Any bytes at all to the JSON parser: no crash, nodes that stay within the text, and numbers and
 * strings that are written back as what was read. */
#include "json_parse.h"
#include "json_write.h"
#include "number.h"
#include "utf8.h"
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_double(double value)
{
    char text[KENAR_DOUBLE_ROOM];
    size_t length = kenar_number_write_double(text, value);
    double again = kenar_number_read(text, length);
    check(memcmp(&again, &value, sizeof value) == 0);
}

static void check_string(const struct kenar_json_tape *tape, const struct kenar_json_node *node)
{
    struct kenar_buffer written = {.data = NULL};
    size_t bad_offset = 0;
    const char *bytes = kenar_json_tape_bytes(tape, node);
    check(node->length <= kenar_json_tape_available(tape, node));
    check(kenar_utf8_valid_prefix(bytes, node->length) == node->length);
    check(kenar_json_write_string(&written, bytes, node->length, &bad_offset));
    check(written.length >= node->length + 2);
    kenar_buffer_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kenar_json_tape tape = {.count = 0};
    struct kenar_json_mistake mistake = {.message = NULL};
    char *text = malloc(size + 1);
    check(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (kenar_json_parse(&tape, text, size, MAX_DEPTH, &mistake)) {
        check(tape.count > 0);
        check(tape.deepest <= MAX_DEPTH);
        for (size_t i = 0; i < tape.count; i++) {
            const struct kenar_json_node *node = &tape.nodes[i];
            if (node->kind == KENAR_JSON_DOUBLE) {
                check_double(node->as.number);
            } else if (node->kind == KENAR_JSON_STRING || node->kind == KENAR_JSON_KEY) {
                check_string(&tape, node);
            }
        }
    } else {
        check(mistake.message != NULL && mistake.offset <= size);
    }
    kenar_json_tape_free(&tape);
    free(text);
    return 0;
}
