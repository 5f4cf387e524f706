/* Numbers to text and back: exact, shortest, and independent of the locale. */
#include "text/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
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

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static const char *written(double value)
{
    static char text[KENAR_DOUBLE_ROOM + 1];
    text[kenar_number_write_double(text, value)] = '\0';
    return text;
}

static double read_text(const char *text)
{
    return kenar_number_read(text, strlen(text));
}

static const struct {
    double value;
    const char *text;
} both_ways[] = {
    {0.0, "0"},
    {-0.0, "-0"},
    {1.0, "1"},
    {-1.0, "-1"},
    {1729429926141234.0, "1729429926141234"},
    {9007199254740991.0, "9007199254740991"},
    {9007199254740992.0, "9007199254740992"},
    {9007199254740994.0, "9.007199254740994e15"},
    {-9223372036854775808.0, "-9.223372036854776e18"},
    {0.1, "0.1"},
    {0.30000000000000004, "0.30000000000000004"},
    {1.0 / 3.0, "0.3333333333333333"},
    {35.7219, "35.7219"},
    {-51.33575, "-51.33575"},
    {99.99999999999999, "99.99999999999999"},
    {2251799813685249.5, "2251799813685249.5"},
    {0.015625, "0.015625"},
    {0.01, "0.01"},
    {0.000001, "0.000001"},
    {0.0000001, "1e-7"},
    {1e21, "1e21"},
    {1e22, "1e22"},
    {1e23, "1e23"},
    {1.7976931348623157e308, "1.7976931348623157e308"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {4.9406564584124654e-324, "5e-324"},
    {1.4821969375237396e-323, "1.5e-323"},
    /* below a power of two doubles are closer than above it */
    {0x1p-44, "5.684341886080802e-14"},
    {0x1p-24, "5.960464477539063e-8"},
};

static void test_both_ways(void)
{
    for (size_t i = 0; i < sizeof both_ways / sizeof *both_ways; i++) {
        check(strcmp(written(both_ways[i].value), both_ways[i].text) == 0, both_ways[i].text);
        check(same_bits(read_text(both_ways[i].text), both_ways[i].value), both_ways[i].text);
    }
}

static void test_reading(void)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"1e400", INFINITY},
        {"-1e400", -INFINITY},
        {"1e-400", 0.0},
        {"-1e-400", -0.0},
        {"0e999999999999999999999", 0.0},
        {"1e-999999999999999999999", 0.0},
        {"1E+2", 100.0},
        {"-0.0e-0", -0.0},
        {"18446744073709551616", 18446744073709551616.0},
        {"0.000000000000000000000000000000000000001", 1e-39},
        /* half-way between two doubles: rounds to even; with another digit: rounds up */
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.0000000000000000000000000000000000001", 9007199254740994.0},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(same_bits(read_text(cases[i].text), cases[i].value), cases[i].text);
}

/* Digits beyond SIGNIFICANT_DIGITS still decide a tie. */
static void test_long_numbers(void)
{
    enum { ZEROS = 2000 };
    char text[ZEROS + 64];
    int start = sprintf(text, "9007199254740993.");
    memset(text + start, '0', ZEROS);
    strcpy(text + start + ZEROS, "1");
    check(read_text(text) == 9007199254740994.0, "a digit after 2000 zeros");
    text[start + ZEROS] = '\0';
    check(read_text(text) == 9007199254740992.0, "2000 zeros and no more");
    strcpy(text, "0.");
    memset(text + 2, '0', ZEROS);
    strcpy(text + 2 + ZEROS, "1e2001");
    check(read_text(text) == 1.0, "2000 zeros in front, and an exponent");
}

static void test_decimals(void)
{
    double value;
    const struct kenar_decimal exact = {.digits = 357219, .exponent = -4, .negative = true};
    check(kenar_number_from_decimal(&exact, &value) && value == -35.7219, "one division");
    const struct kenar_decimal many = {.digits = KENAR_EXACT_INTEGERS + 1, .exponent = 0};
    check(!kenar_number_from_decimal(&many, &value), "too many digits for one step");
    const struct kenar_decimal far = {.digits = 1, .exponent = 23};
    check(!kenar_number_from_decimal(&far, &value), "a power of ten that is not exact");
}

static void test_integers(void)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {9, "9"},
                 {10, "10"},
                 {-100, "-100"},
                 {12345, "12345"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[KENAR_INTEGER_ROOM];
        const size_t length = kenar_number_write_integer(text, cases[i].value);
        check(length == strlen(cases[i].text) && memcmp(text, cases[i].text, length) == 0,
              cases[i].text);
    }
}

static size_t count_digits(const char *text)
{
    size_t digits = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (digits == 0 && *text == '0'))
            continue;
        digits++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return digits - zeros;
}

/* Whether the text reads back to the same double, and the nearest number with one digit less does
 * not. */
static bool is_shortest(double value)
{
    char shorter[64];
    const char *text = written(value);
    if (!same_bits(strtod(text, NULL), value) || !same_bits(read_text(text), value))
        return false;
    const size_t digits = count_digits(text);
    if (digits < 2)
        return true;
    snprintf(shorter, sizeof shorter, "%.*e", (int)digits - 2, value);
    return !same_bits(strtod(shorter, NULL), value);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void test_shortest(void)
{
    uint64_t state = 20240229;
    int wrong = 0;
    for (int i = 0; i < 200000; i++) {
        const uint64_t bits = next_random(&state);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            wrong += !is_shortest(value);
        wrong += !is_shortest((double)(int64_t)bits / 4294967296.0 / 65536.0);
        wrong += !is_shortest((double)(bits % 100000000) / 1e6);
    }
    check(wrong == 0, "random doubles have their shortest form");
    wrong = 0;
    for (int exponent = -1074; exponent < 1024; exponent++) {
        const double power = ldexp(1.0, exponent);
        wrong += !is_shortest(power);
        wrong += !is_shortest(nextafter(power, 0.0));
        wrong += !is_shortest(nextafter(power, DBL_MAX));
    }
    check(wrong == 0, "powers of two and their neighbours have their shortest form");
}

/* Needs localedef for a locale with a decimal comma. Without localedef it checks nothing. */
static void test_locale(void)
{
    char directory[] = "/tmp/kenar_locale_XXXXXX", command[256];
    if (mkdtemp(directory) == NULL)
        return;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
             directory);
    const int made = system(command);
    setenv("LOCPATH", directory, 1);
    if (made != -1 && setlocale(LC_ALL, "de_DE.UTF-8") != NULL) {
        char comma[16];
        snprintf(comma, sizeof comma, "%.1f", 0.5);
        check(strcmp(comma, "0,5") == 0, "this locale has a decimal comma");
        test_both_ways();
        test_reading();
        setlocale(LC_ALL, "C");
    }
    snprintf(command, sizeof command, "rm -rf %s", directory);
    check(system(command) == 0, "the locale is removed");
}

int main(void)
{
    test_both_ways();
    test_reading();
    test_long_numbers();
    test_decimals();
    test_integers();
    test_shortest();
    test_locale();
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
