/* Compares the scans of string bytes with byte-by-byte versions, at every length. */
#include "text/scan.h"
#include "text/scan_space.h"
#include "text/utf8.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>

static int passed, failed;

static void check(bool ok, const char *what)
{
    if (ok) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "not ok: %s\n", what);
    }
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static size_t plain_run(const unsigned char *bytes, size_t count)
{
    size_t run = 0;
    while (run < count) {
        if (is_plain(bytes[run]))
            run++;
        else if (run + 1 < count && bytes[run] >= 0xC2 && bytes[run] <= 0xDF &&
                 (bytes[run + 1] & 0xC0) == 0x80)
            run += 2;
        else
            break;
    }
    return run;
}

/* Checks UTF-8 by its definition: decodes, and compares with the encoding of the scalar value. */
static size_t valid_prefix(const unsigned char *bytes, size_t count)
{
    size_t offset = 0;
    while (offset < count) {
        const unsigned char lead = bytes[offset];
        const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        uint32_t scalar = length == 1 ? lead : lead & (0x7Fu >> length);
        char canonical[4];
        if (length > count - offset)
            return offset;
        for (size_t i = 1; i < length; i++)
            scalar = scalar << 6 | (bytes[offset + i] & 0x3F);
        if (scalar > 0x10FFFF || (scalar >= 0xD800 && scalar <= 0xDFFF) ||
            kenar_utf8_encode(scalar, canonical) != length ||
            memcmp(canonical, bytes + offset, length) != 0)
            return offset;
        offset += length;
    }
    return offset;
}

/* Writes a JSON string byte by byte. */
static size_t plain_quote(char *out, const unsigned char *bytes, size_t count)
{
    static const char *const names[] = {['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",
                                        ['\r'] = "\\r", ['\t'] = "\\t", [0x1F] = NULL};
    char *end = out;
    *end++ = '"';
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\')
            end += sprintf(end, "\\%c", bytes[i]);
        else if (bytes[i] < 0x20 && names[bytes[i]] != NULL)
            end += sprintf(end, "%s", names[bytes[i]]);
        else if (bytes[i] < 0x20)
            end += sprintf(end, "\\u%04x", bytes[i]);
        else
            *end++ = (char)bytes[i];
    }
    *end++ = '"';
    return (size_t)(end - out);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Fills the bytes with pieces of text, and now and then with a random byte. */
static void fill(unsigned char *bytes, size_t count, uint64_t *state)
{
    static const char *const pieces[] = {"a", "kenar", " ",  "سلام", "ی",    "\xE2\x80\x8C",
                                         "🚗", "\"",    "\\", "\n",   "\x01", "\x7F"};
    size_t offset = 0;
    while (offset < count) {
        const uint64_t choice = next_random(state) % 40;
        unsigned char byte = (unsigned char)next_random(state);
        const char *piece = (const char *)&byte;
        size_t length = 1;
        if (choice != 0) {
            piece = pieces[choice < 28 ? choice % 5 : choice % 12];
            length = strlen(piece);
        }
        if (length > count - offset)
            length = count - offset;
        memcpy(bytes + offset, piece, length);
        offset += length;
    }
}

enum { LONGEST = 80, TURNS = 400 };

/* An exact allocation, so that the sanitizer detects a read beyond the end. */
static void test_text(void)
{
    uint64_t state = 1402;
    int run_wrong = 0, copy_wrong = 0, valid_wrong = 0, written_wrong = 0;
    for (size_t count = 0; count <= LONGEST; count++) {
        for (int turn = 0; turn < TURNS; turn++) {
            char copied[LONGEST + KENAR_TEXT_SLACK], quoted[LONGEST * 6 + 2];
            unsigned char *bytes = malloc(count + (count == 0));
            struct kenar_buffer buffer = {0};
            size_t bad_offset = 0;
            if (bytes == NULL)
                abort();
            fill(bytes, count, &state);
            const size_t run = plain_run(bytes, count), valid = valid_prefix(bytes, count);
            run_wrong += kenar_text_run(bytes, count) != run;
            copy_wrong +=
                kenar_text_copy(copied, bytes, count) != run || memcmp(copied, bytes, run) != 0;
            valid_wrong += kenar_utf8_valid_prefix((const char *)bytes, count) != valid;
            if (kenar_json_write_string(&buffer, (const char *)bytes, count, &bad_offset))
                written_wrong += valid != count ||
                                 buffer.length != plain_quote(quoted, bytes, count) ||
                                 memcmp(buffer.data, quoted, buffer.length) != 0;
            else
                written_wrong += bad_offset != valid;
            kenar_buffer_free(&buffer);
            free(bytes);
        }
    }
    check(run_wrong == 0, "the run ends where a plain walk ends it");
    check(copy_wrong == 0, "the copy is the run");
    check(valid_wrong == 0, "UTF-8 is what its definition says");
    check(written_wrong == 0, "strings are written as a plain writer does");
}

static void test_all_sequences(void)
{
    int wrong = 0;
    for (uint32_t scalar = 0; scalar <= 0x10FFFF; scalar++) {
        char bytes[4];
        if (scalar == 0xD800)
            scalar = 0xE000;
        const size_t length = kenar_utf8_encode(scalar, bytes);
        wrong += kenar_utf8_valid_prefix(bytes, length) != length;
        wrong += length > 1 && kenar_utf8_valid_prefix(bytes, length - 1) != 0;
    }
    check(wrong == 0, "every scalar value is valid, and cut short it is not");
    wrong = 0;
    for (unsigned first = 0x80; first <= 0xFF; first++) {
        for (unsigned rest = 0; rest < 0x10000; rest++) {
            const unsigned char bytes[4] = {(unsigned char)first, (unsigned char)(rest >> 8),
                                            (unsigned char)rest, 0x80};
            wrong += kenar_utf8_valid_prefix((const char *)bytes, 4) != valid_prefix(bytes, 4);
        }
    }
    check(wrong == 0, "any three bytes and a continuation");
}

static void test_space(void)
{
    int wrong = 0;
    uint64_t state = 77;
    for (size_t count = 0; count <= LONGEST; count++) {
        for (int turn = 0; turn < TURNS; turn++) {
            unsigned char *bytes = malloc(count + 1);
            if (bytes == NULL)
                abort();
            size_t spaces = 0;
            for (size_t i = 0; i < count; i++)
                bytes[i] = (unsigned char)" \n\r\t\x0B"[next_random(&state) % 33 / 8];
            bytes[count] = 0;
            while (spaces < count && bytes[spaces] != '\x0B')
                spaces++;
            wrong += kenar_skip_space(bytes, bytes + count) != bytes + spaces;
            free(bytes);
        }
    }
    check(wrong == 0, "white space is the four characters of JSON");
}

int main(void)
{
    test_text();
    test_all_sequences();
    test_space();
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
