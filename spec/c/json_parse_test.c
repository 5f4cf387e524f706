/* Parses JSON text to a tape. spec/core/json/decode_spec.lua has the refused documents. */
#include "../fuzz/json_fuzz.c"

#include <stdio.h>

static int passed, failed;

static void expect(bool ok, const char *what)
{
    if (ok) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "not ok: %s\n", what);
    }
}

static bool parse(struct kenar_json_tape *tape, const char *text, struct kenar_json_error *error)
{
    return kenar_json_parse(tape, text, strlen(text), MAX_DEPTH, error);
}

static void test_tape(void)
{
    static const struct {
        enum kenar_json_kind kind;
        uint32_t length;
        const char *text;
    } wanted[] = {
        {KENAR_JSON_OBJECT, 3, NULL},  {KENAR_JSON_KEY, 1, "a"},     {KENAR_JSON_ARRAY, 4, NULL},
        {KENAR_JSON_INTEGER, 0, NULL}, {KENAR_JSON_DOUBLE, 0, NULL}, {KENAR_JSON_STRING, 3, "x\ny"},
        {KENAR_JSON_OBJECT, 0, NULL},  {KENAR_JSON_KEY, 3, "b\"c"},  {KENAR_JSON_NULL, 0, NULL},
        {KENAR_JSON_KEY, 0, ""},       {KENAR_JSON_FALSE, 0, NULL},
    };
    struct kenar_json_tape tape = {0};
    struct kenar_json_error error;
    const bool parsed =
        parse(&tape, " {\"a\" : [1,2.5, \"x\\ny\",{ }],\"b\\\"c\":null,\"\":false} \n", &error);
    expect(parsed, "the document is read");
    expect(tape.count == sizeof wanted / sizeof *wanted && tape.deepest == 3,
           "the number of nodes");
    for (size_t i = 0; parsed && i < tape.count; i++) {
        const struct kenar_json_node *node = tape.nodes + i;
        expect(node->kind == wanted[i].kind, "the kind of a node");
        if (wanted[i].kind >= KENAR_JSON_STRING)
            expect(node->length == wanted[i].length, "the length of a node");
        if (wanted[i].text != NULL)
            expect(memcmp(kenar_json_tape_bytes(&tape, node), wanted[i].text, node->length) == 0,
                   "the text of a node");
    }
    expect(tape.nodes[3].as.integer == 1 && tape.nodes[4].as.number == 2.5, "the numbers");
    kenar_json_tape_free(&tape);
}

/* Writes an object of `count` keys. If `repeats` is not negative, the key at `repeats` equals the
 * key at `first`. */
static size_t write_object(char *out, int count, int first, int repeats)
{
    char *end = out;
    for (int i = 0; i < count; i++)
        end += sprintf(end, "%c\"k%d\":%d", i == 0 ? '{' : ',', i == repeats ? first : i, i);
    end += sprintf(end, "}");
    return (size_t)(end - out);
}

static void test_repeated_keys(void)
{
    enum { MOST = 200 };
    static char text[MOST * 20];
    struct kenar_json_tape tape = {0};
    int wrong = 0;
    for (int count = 2; count < MOST; count = count < 40 ? count + 1 : count + 53) {
        struct kenar_json_error error;
        write_object(text, count, -1, -1);
        wrong += !parse(&tape, text, &error);
        for (int repeats = 1; repeats < count; repeats++) {
            const int first = repeats / 2;
            char key[32];
            write_object(text, count, first, repeats);
            wrong += parse(&tape, text, &error);
            sprintf(key, "\"k%d\":%d", first, repeats);
            wrong += strncmp(text + error.offset, key, strlen(key)) != 0;
        }
    }
    expect(wrong == 0, "a repeated key is found at its second place, in small and large objects");
    kenar_json_tape_free(&tape);
}

/* Colliding keys must not make the search quadratic, which would take hours with so many keys. */
static void test_many_keys(void)
{
    enum { KEYS = 200000 };
    char *text = malloc((size_t)KEYS * 20);
    struct kenar_json_tape tape = {0};
    struct kenar_json_error error;
    check(text != NULL);
    write_object(text, KEYS, -1, -1);
    expect(parse(&tape, text, &error), "200,000 keys");
    write_object(text, KEYS, 7, KEYS - 1);
    expect(!parse(&tape, text, &error), "200,000 keys, the last of which repeats another");
    kenar_json_tape_free(&tape);
    free(text);
}

static void test_reuse(void)
{
    struct kenar_json_tape tape = {0};
    struct kenar_json_error error;
    expect(parse(&tape, "{\"a\":[{\"b\":\"\\u0041\"}]}", &error), "a document");
    expect(!parse(&tape, "{\"a\":[{\"b\":\"\\u0041", &error),
           "half of the document on the same tape");
    expect(parse(&tape, "\"\\u0041\"", &error) && tape.count == 1 && tape.deepest == 0 &&
               tape.nodes[0].length == 1 && *kenar_json_tape_bytes(&tape, tape.nodes) == 'A',
           "another document");
    kenar_json_tape_recycle(&tape);
    expect(tape.capacity > 0, "recycling keeps a little memory");
    expect(parse(&tape, "[]", &error), "a document after recycling");
    kenar_json_tape_free(&tape);
}

/* The memory of one large document is freed. */
static void test_recycling(void)
{
    enum { ELEMENTS = 100000 };
    static char text[ELEMENTS * 4 + 64] = "[\"\\n";
    struct kenar_json_tape tape = {0};
    struct kenar_json_error error;
    size_t length = strlen(text);
    memset(text + length, 'x', KENAR_BUFFER_KEEP);
    strcpy(text + length + KENAR_BUFFER_KEEP, "\"]");
    expect(parse(&tape, text, &error) && tape.text.capacity > KENAR_BUFFER_KEEP, "a long text");
    kenar_json_tape_recycle(&tape);
    expect(tape.text.capacity == 0 && tape.capacity > 0, "only the memory of the text is freed");
    for (length = 0; length < ELEMENTS * 4; length += 4)
        memcpy(text + length, length == 0 ? "[[]," : "[],\n", 4);
    strcpy(text + length, "1]");
    expect(parse(&tape, text, &error) && tape.count == ELEMENTS + 2, "many elements");
    kenar_json_tape_recycle(&tape);
    expect(tape.capacity == 0 && tape.nodes == NULL, "the memory of the nodes is freed");
    expect(parse(&tape, "[1]", &error), "a document after that");
    kenar_json_tape_free(&tape);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Runs the fuzzer's check on documents with a few changed bytes, from a fixed seed. */
static void test_mutations(void)
{
    static const char *const documents[] = {
        "{\"type\":\"TEXT\",\"sent_at\":1729429926140000,\"text\":\"\\u0633\\ud83d\\ude97 س\"}",
        "[1,-0,2.5e-3,1e300,0.30000000000000004,9223372036854775808,[[]],{},null,true,false]",
        "{\"a\":{\"b\":{\"c\":[{\"d\":\"e\"},{\"d\":\"f\"}]}},\"a\\u0062\":\"\\\\\\\"\\n\"}\r\n\t ",
    };
    static const char bytes[] = "{}[]:,\"\\eE+-.0129u \n\0\x1F\xC2\xE2\xF0\xFF";
    uint64_t state = 1;
    for (int turn = 0; turn < 100000; turn++) {
        char text[256];
        const char *document = documents[turn % 3];
        size_t length = strlen(document);
        memcpy(text, document, length);
        for (uint64_t changes = 1 + next_random(&state) % 4; changes > 0; changes--) {
            const size_t at = next_random(&state) % length;
            switch (next_random(&state) % 3) {
            case 0:
                text[at] = bytes[next_random(&state) % (sizeof bytes - 1)];
                break;
            case 1:
                memmove(text + at, text + at + 1, length - at - 1);
                length -= length > 1;
                break;
            default:
                length = at > 0 ? at : length;
                break;
            }
        }
        LLVMFuzzerTestOneInput((const uint8_t *)text, length);
    }
    expect(true, "100,000 changed documents"); /* a failed check aborts */
}

int main(void)
{
    test_tape();
    test_repeated_keys();
    test_many_keys();
    test_reuse();
    test_recycling();
    test_mutations();
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
