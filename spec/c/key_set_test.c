/* Compares the hash with its published values, and checks the set. */
#include "hash/key_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The bytes of secret and input are 0, 1, 2, ... */
static void test_published_values(void)
{
    static const struct {
        size_t length;
        struct kenar_siphash expected;
    } rows[] = {
        {0, {UINT64_C(0xe6a825ba047f81a3), UINT64_C(0x930255c71472f66d)}},
        {1, {UINT64_C(0x44af996bd8c187da), UINT64_C(0x45fc229b11597634)}},
        {2, {UINT64_C(0xc75da4a48d227781), UINT64_C(0xe4ff0af6de8ba3fc)}},
        {7, {UINT64_C(0x53c1dbd8beebf1a1), UINT64_C(0x3982f01fa64ab8c0)}},
        {8, {UINT64_C(0x61f55862baa9623b), UINT64_C(0xb49714f364e2830f)}},
        {15, {UINT64_C(0x11a8b03399e99354), UINT64_C(0xd9c3cf970fec087e)}},
        {63, {UINT64_C(0x4a83502f77d15051), UINT64_C(0x7cbd3f979a063e50)}},
    };
    unsigned char secret[KENAR_SIPHASH_SECRET], input[64];
    int wrong = 0;
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* An exact allocation, so that the sanitizer detects a read beyond the end. */
        unsigned char *bytes = malloc(rows[i].length + (rows[i].length == 0));
        if (bytes == NULL)
            abort();
        memcpy(bytes, input, rows[i].length);
        const struct kenar_siphash hash = kenar_siphash(secret, bytes, rows[i].length);
        wrong += hash.first != rows[i].expected.first || hash.second != rows[i].expected.second;
        free(bytes);
    }
    check(wrong == 0, "the hash is SipHash-2-4-128");
}

static size_t name_key(char *out, size_t size, size_t number)
{
    return (size_t)snprintf(out, size, "ad-%zu", number);
}

static void test_one_key(void)
{
    struct kenar_key_set set = {.secret = "0123456789abcde"};
    int previous;
    check(kenar_key_set_get(&set, "a", 1) == -1, "an empty set has no key");
    check(kenar_key_set_put(&set, "a", 1, 0, &previous) && previous == -1,
          "a new key had no state");
    check(kenar_key_set_get(&set, "a", 1) == 0, "state 0 is a state");
    check(kenar_key_set_put(&set, "a", 1, 7, &previous) && previous == 0,
          "put returns the earlier state");
    check(kenar_key_set_get(&set, "a", 1) == 7, "the state is replaced");
    check(set.count == 1, "a key counts once");
    check(kenar_key_set_put(&set, "", 0, 3, &previous) && previous == -1, "the empty key is a key");
    check(kenar_key_set_put(&set, "a\0", 2, 4, &previous) && previous == -1, "a zero byte counts");
    check(kenar_key_set_get(&set, "a", 1) == 7 && kenar_key_set_get(&set, "", 0) == 3 &&
              kenar_key_set_get(&set, "a\0", 2) == 4,
          "keys are independent");
    kenar_key_set_free(&set);
    kenar_key_set_free(&set);
    check(set.count == 0 && kenar_key_set_get(&set, "a", 1) == -1, "a freed set is empty");
}

static void test_a_million(void)
{
    enum { COUNT = 1000000, LIMIT = 48 * 1000 * 1000 };
    struct kenar_key_set set = {.secret = "fedcba987654321"};
    char key[32];
    int previous, wrong = 0;
    size_t largest = 0;
    for (size_t i = 0; i < COUNT; i++) {
        const size_t length = name_key(key, sizeof key, i);
        wrong += !kenar_key_set_put(&set, key, length, (int)(i % KENAR_KEY_STATES), &previous) ||
                 previous != -1;
        if (i % 1000 == 0 && kenar_key_set_bytes(&set) / (i + 1) > largest && i > 100000)
            largest = kenar_key_set_bytes(&set) / (i + 1);
    }
    for (size_t i = 0; i < COUNT; i++) {
        const size_t length = name_key(key, sizeof key, i);
        wrong += kenar_key_set_get(&set, key, length) != (int)(i % KENAR_KEY_STATES);
    }
    for (size_t i = COUNT; i < 2 * COUNT; i++) {
        const size_t length = name_key(key, sizeof key, i);
        wrong += kenar_key_set_get(&set, key, length) != -1;
    }
    check(wrong == 0 && set.count == COUNT, "a million keys keep their states");
    printf("%d keys take %.1f MB, at most %zu bytes each on the way\n", COUNT,
           (double)kenar_key_set_bytes(&set) / 1e6, largest);
    check(kenar_key_set_bytes(&set) < LIMIT, "they take less than 48 MB");
    kenar_key_set_free(&set);
}

int main(void)
{
    test_published_values();
    test_one_key();
    test_a_million();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
