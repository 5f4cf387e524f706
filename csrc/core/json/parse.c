#include "json/parse.h"

#include "text/number.h"
#include "text/scan.h"
#include "text/scan_space.h"
#include "text/short.h"
#include "text/utf8.h"
#include "json/keys.h"

#include <math.h>

typedef const unsigned char *cursor;

struct parser {
    cursor start, end;
    struct kenar_json_tape *tape;
    struct kenar_json_error *error;
};

/* Stores the error. Returns NULL, so that a function can return its result. A NULL message means
 * that memory is short. */
static cursor fail(const struct parser *parser, cursor at, const char *message)
{
    parser->error->message = message;
    parser->error->offset = (size_t)(at - parser->start);
    return NULL;
}

static cursor fail_unless_end(const struct parser *parser, cursor at, const char *message)
{
    return fail(parser, at, at == parser->end ? "the document ends too early" : message);
}

static inline struct kenar_json_node *append_node(const struct parser *parser,
                                                  enum kenar_json_kind kind)
{
    struct kenar_json_tape *tape = parser->tape;
    if (tape->count == tape->capacity && !kenar_json_tape_grow_nodes(tape)) {
        fail(parser, parser->start, NULL);
        return NULL;
    }
    struct kenar_json_node *node = tape->nodes + tape->count++;
    node->kind = (uint8_t)kind;
    node->unescaped = false;
    return node;
}

static cursor skip_space(const struct parser *parser, cursor at)
{
    return kenar_skip_space(at, parser->end);
}

static int hexadecimal(unsigned char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Reads four hexadecimal digits. The NUL at the end of the document stops it. */
static bool read_unit(cursor at, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        const int digit = hexadecimal(at[i]);
        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

/* Reads \uXXXX from its backslash on, or two of them for a surrogate pair. */
static cursor read_unicode_escape(const struct parser *parser, cursor at, uint32_t *scalar)
{
    uint32_t low;
    if (!read_unit(at + 2, scalar))
        return fail(parser, at, "\\u needs four hexadecimal digits");
    if (*scalar < 0xD800 || *scalar > 0xDFFF)
        return at + 6;
    if (*scalar > 0xDBFF || at[6] != '\\' || at[7] != 'u' || !read_unit(at + 8, &low) ||
        low < 0xDC00 || low > 0xDFFF)
        return fail(parser, at, "half of a surrogate pair");
    *scalar = 0x10000 + ((*scalar - 0xD800) << 10) + (low - 0xDC00);
    return at + 12;
}

/* Reads one escape from its backslash on and appends its text to the tape. */
static cursor read_escape(const struct parser *parser, cursor at)
{
    static const char meaning[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                      ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    struct kenar_buffer *text = &parser->tape->text;
    const unsigned char letter = at[1];
    char bytes[4];
    size_t length = 1;
    cursor next = at + 2;
    if (letter == 'u') {
        uint32_t scalar;
        next = read_unicode_escape(parser, at, &scalar);
        if (next == NULL)
            return NULL;
        length = kenar_utf8_encode(scalar, bytes);
    } else if (letter < 128 && meaning[letter] != 0) {
        bytes[0] = meaning[letter];
    } else {
        return fail_unless_end(parser, at + 1, "no such escape");
    }
    return kenar_buffer_add(text, bytes, length) ? next : fail(parser, at, NULL);
}

/* Reads the bytes between the quotes and returns the closing quote. Up to the first escape nothing
 * is copied. From the first escape on (`copied`) the text is appended to the tape. */
static cursor read_string_bytes(const struct parser *parser, cursor at, bool *copied)
{
    struct kenar_buffer *text = &parser->tape->text;
    cursor piece = at;
    for (;;) {
        at += kenar_text_run(at, (size_t)(parser->end - at));
        if (*at >= 0x80) {
            const size_t length = kenar_utf8_sequence(at, (size_t)(parser->end - at));
            if (length == 0)
                return fail(parser, at, "not valid UTF-8");
            at += length;
            continue;
        }
        if (*at == '"' && !*copied)
            return at;
        if (*at != '"' && *at != '\\')
            return fail_unless_end(parser, at, "a control character in a string");
        if (!kenar_buffer_add(text, (const char *)piece, (size_t)(at - piece)))
            return fail(parser, at, NULL);
        *copied = true;
        if (*at == '"')
            return at;
        at = piece = read_escape(parser, at);
        if (at == NULL)
            return NULL;
    }
}

/* Reads a string that is longer than a block, has an escape, or is near the document's end. */
static __attribute__((noinline)) cursor read_long_string(const struct parser *parser, cursor first,
                                                         struct kenar_json_node *node)
{
    struct kenar_json_tape *tape = parser->tape;
    const size_t text_start = tape->text.length;
    bool copied = false;
    const cursor quote = read_string_bytes(parser, first, &copied);
    if (quote == NULL)
        return NULL;
    node->unescaped = copied;
    node->length = (uint32_t)(copied ? tape->text.length - text_start : (size_t)(quote - first));
    node->as.text.offset = (uint32_t)(copied ? text_start : (size_t)(first - parser->start));
    node->as.text.hash = 0;
    if (node->kind == KENAR_JSON_KEY || node->length <= KENAR_SHORT_TEXT)
        node->as.text.hash = kenar_json_key_hash(kenar_json_tape_bytes(tape, node), node->length,
                                                 kenar_json_tape_available(tape, node));
    return quote + 1;
}

/* Reads a string from its opening quote on. Returns the position after its closing quote. */
static inline cursor read_string(const struct parser *parser, cursor at, enum kenar_json_kind kind)
{
    const cursor first = at + 1;
    struct kenar_json_node *node = append_node(parser, kind);
    if (node == NULL)
        return NULL;
    if (parser->end - first >= KENAR_SHORT_TEXT) {
        const size_t run = kenar_text_plain(kenar_text_load(first, KENAR_TEXT_BLOCK));
        if (first[run] == '"') {
            const struct kenar_short_text text =
                kenar_short_text_load((const char *)first, run, KENAR_SHORT_TEXT);
            node->length = (uint32_t)run;
            node->as.text.offset = (uint32_t)(first - parser->start);
            node->as.text.hash = kenar_short_text_hash(text, run);
            return first + run + 1;
        }
    }
    return read_long_string(parser, first, node);
}

static bool is_digit(unsigned char byte)
{
    return (unsigned)byte - '0' < 10;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static bool eight_digits(uint64_t word)
{
    const uint64_t high = UINT64_C(0xF0F0F0F0F0F0F0F0), zeros = UINT64_C(0x3030303030303030);
    const uint64_t six = UINT64_C(0x0606060606060606);
    return (word & high) == zeros && ((word + six) & high) == zeros;
}

/* Adds up pairs, then fours, then eights: three multiplications instead of eight. */
static uint64_t value_of_eight(uint64_t word)
{
    word = (word & UINT64_C(0x0F0F0F0F0F0F0F0F)) * (10 << 8 | 1) >> 8;
    word = (word & UINT64_C(0x00FF00FF00FF00FF)) * (100 << 16 | 1) >> 16;
    return (word & UINT64_C(0x0000FFFF0000FFFF)) * (UINT64_C(10000) << 32 | 1) >> 32;
}
#else
static bool eight_digits(uint64_t word)
{
    (void)word;
    return false;
}

static uint64_t value_of_eight(uint64_t word)
{
    return word;
}
#endif

/* Beyond 19 digits the value may have overflowed. */
static cursor read_digits(const struct parser *parser, cursor at, uint64_t *value)
{
    uint64_t digits = *value;
    while (parser->end - at >= 8) {
        const uint64_t word = kenar_load_8(at);
        if (!eight_digits(word))
            break;
        digits = digits * 100000000 + value_of_eight(word);
        at += 8;
    }
    for (; is_digit(*at); at++)
        digits = digits * 10 + (uint64_t)(*at - '0');
    *value = digits;
    return at;
}

static cursor read_exponent(const struct parser *parser, cursor at, int64_t *exponent)
{
    at++;
    const bool minus = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (!is_digit(*at))
        return fail_unless_end(parser, at, "a digit must follow in an exponent");
    int64_t written = 0;
    for (; is_digit(*at); at++)
        if (written < INT32_MAX)
            written = written * 10 + (*at - '0');
    *exponent += minus ? -written : written;
    return at;
}

static cursor read_number(const struct parser *parser, cursor at)
{
    enum { ALWAYS_FIT = 19 }; /* this many digits fit 64 bits */
    const cursor first = at;
    struct kenar_decimal decimal = {.negative = *at == '-'};
    at += decimal.negative;
    const cursor whole = at;
    if (!is_digit(*at))
        return fail_unless_end(parser, at, "a digit must follow the minus sign");
    if (*at == '0' && is_digit(at[1]))
        return fail(parser, at, "a number with a leading zero");
    at = read_digits(parser, at, &decimal.digits);
    ptrdiff_t digits = at - whole;
    bool integer = true;
    if (*at == '.') {
        const cursor fraction = at + 1;
        integer = false;
        at = read_digits(parser, fraction, &decimal.digits);
        if (at == fraction)
            return fail_unless_end(parser, at, "a digit must follow the decimal point");
        digits += at - fraction;
        decimal.exponent = fraction - at;
    }
    if (*at == 'e' || *at == 'E') {
        integer = false;
        at = read_exponent(parser, at, &decimal.exponent);
        if (at == NULL)
            return NULL;
    }
    struct kenar_json_node *node = append_node(parser, KENAR_JSON_DOUBLE);
    if (node == NULL)
        return NULL;
    const uint64_t limit = (uint64_t)INT64_MAX + decimal.negative;
    if (integer && digits <= ALWAYS_FIT && decimal.digits <= limit &&
        !(decimal.negative && decimal.digits == 0)) {
        node->kind = KENAR_JSON_INTEGER;
        node->as.integer =
            (int64_t)(decimal.negative ? UINT64_C(0) - decimal.digits : decimal.digits);
        return at;
    }
    if (digits <= ALWAYS_FIT && kenar_number_from_decimal(&decimal, &node->as.number))
        return at;
    node->as.number = kenar_number_read((const char *)first, (size_t)(at - first));
    return isinf(node->as.number) ? fail(parser, first, "a number too large for a double") : at;
}

static cursor read_word(const struct parser *parser, cursor at, const char *word,
                        enum kenar_json_kind kind)
{
    size_t length = 0;
    for (; word[length] != '\0'; length++)
        if (at[length] != (unsigned char)word[length])
            return fail_unless_end(parser, at + length, "not a JSON value");
    return append_node(parser, kind) != NULL ? at + length : NULL;
}

static cursor read_scalar(const struct parser *parser, cursor at)
{
    switch (*at) {
    case '"':
        return read_string(parser, at, KENAR_JSON_STRING);
    case 't':
        return read_word(parser, at, "true", KENAR_JSON_TRUE);
    case 'f':
        return read_word(parser, at, "false", KENAR_JSON_FALSE);
    case 'n':
        return read_word(parser, at, "null", KENAR_JSON_NULL);
    default:
        if (*at == '-' || is_digit(*at))
            return read_number(parser, at);
        return fail_unless_end(parser, at, "not a JSON value");
    }
}

/* Appends the last node to the open keys. */
static inline bool append_open_key(const struct parser *parser, cursor quote)
{
    struct kenar_json_tape *tape = parser->tape;
    if (tape->key_count == tape->key_capacity && !kenar_json_tape_grow_keys(tape)) {
        fail(parser, parser->start, NULL);
        return false;
    }
    struct kenar_json_open_key *key = tape->keys + tape->key_count++;
    key->node = (uint32_t)(tape->count - 1);
    key->hash = tape->nodes[key->node].as.text.hash;
    key->offset = (uint32_t)(quote - parser->start);
    return true;
}

/* Reads a key and its colon. Returns the position after the colon. */
static cursor read_key(const struct parser *parser, cursor at)
{
    at = skip_space(parser, at);
    if (*at != '"')
        return fail_unless_end(parser, at, "a key must be a string");
    const cursor quote = at;
    at = read_string(parser, at, KENAR_JSON_KEY);
    if (at == NULL || !append_open_key(parser, quote))
        return NULL;
    at = skip_space(parser, at);
    return *at == ':' ? at + 1 : fail_unless_end(parser, at, "a colon must follow the key");
}

/* While a container is open, its node has the index of its parent and of its first open key. */
static bool open_container(const struct parser *parser, enum kenar_json_kind kind, uint32_t *parent)
{
    const uint32_t index = (uint32_t)parser->tape->count;
    struct kenar_json_node *node = append_node(parser, kind);
    if (node == NULL)
        return false;
    node->length = 0;
    node->as.text.offset = *parent;
    node->as.text.hash = (uint32_t)parser->tape->key_count;
    *parent = index;
    return true;
}

static bool close_container(const struct parser *parser, uint32_t *parent)
{
    struct kenar_json_tape *tape = parser->tape;
    const struct kenar_json_node *node = tape->nodes + *parent;
    *parent = node->as.text.offset;
    if (node->kind == KENAR_JSON_ARRAY)
        return true;
    const size_t first_key = node->as.text.hash;
    const struct kenar_json_open_key *repeated = kenar_json_repeated_key(tape, first_key);
    tape->key_count = first_key;
    return repeated == NULL || fail(parser, parser->start + repeated->offset,
                                    "a key for the second time in one object");
}

static cursor read_document(const struct parser *parser, unsigned max_depth)
{
    struct kenar_json_tape *tape = parser->tape;
    uint32_t container = 0;
    unsigned depth = 0;
    cursor at = parser->start;
    bool object = false;
value:
    at = skip_space(parser, at);
    if (*at == '{' || *at == '[') {
        if (depth == max_depth)
            return fail(parser, at, "nested too deep");
        object = *at == '{';
        if (!open_container(parser, object ? KENAR_JSON_OBJECT : KENAR_JSON_ARRAY, &container))
            return NULL;
        depth++;
        if (depth > tape->deepest)
            tape->deepest = depth;
        at = skip_space(parser, at + 1);
        if (*at == (object ? '}' : ']'))
            goto close;
        if (object) {
            at = read_key(parser, at);
            if (at == NULL)
                return NULL;
        }
        goto value;
    }
    at = read_scalar(parser, at);
    if (at == NULL)
        return NULL;
after_value:
    at = skip_space(parser, at);
    if (depth == 0)
        return at == parser->end ? at : fail(parser, at, "something after the value");
    tape->nodes[container].length++;
    if (*at == ',') {
        at++;
        if (object) {
            at = read_key(parser, at);
            if (at == NULL)
                return NULL;
        }
        goto value;
    }
    if (*at != (object ? '}' : ']'))
        return fail_unless_end(parser, at,
                               object ? "a comma or } must follow" : "a comma or ] must follow");
close:
    at++;
    if (!close_container(parser, &container))
        return NULL;
    depth--;
    object = depth > 0 && tape->nodes[container].kind == KENAR_JSON_OBJECT;
    goto after_value;
}

bool kenar_json_parse(struct kenar_json_tape *tape, const char *bytes, size_t count,
                      unsigned max_depth, struct kenar_json_error *error)
{
    const cursor start = (cursor)bytes;
    const struct parser parser = {start, start + count, tape, error};
    tape->document = bytes;
    tape->document_length = count;
    tape->count = tape->key_count = 0;
    tape->text.length = 0;
    tape->deepest = 0;
    if (count > (size_t)KENAR_JSON_LARGEST_DOCUMENT)
        return fail(&parser, start, "longer than 2 GiB") != NULL;
    return read_document(&parser, max_depth) != NULL;
}
