#include "text/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DOUBLE_DIGITS = 17, /* enough to distinguish all doubles */
    MANTISSA_BITS = 52, /* stored bits: the leading one is implied */
    EXPONENT_BIAS =
        1075, /* value = mantissa * 2^(stored exponent - bias), with an integer mantissa */
    LARGEST_FIXED_SHIFT = 58, /* ten times the remainder must fit 64 bits */
    SIGNIFICANT_DIGITS = 770, /* more than the longest decimal half-way between two doubles has */
    EXPONENT_LIMIT = 1000000, /* beyond the range of doubles, and too small to overflow */
    SMALLEST_PLAIN_EXPONENT = -7
};

static const char digit_pairs[] = "00010203040506070809"
                                  "10111213141516171819"
                                  "20212223242526272829"
                                  "30313233343536373839"
                                  "40414243444546474849"
                                  "50515253545556575859"
                                  "60616263646566676869"
                                  "70717273747576777879"
                                  "80818283848586878889"
                                  "90919293949596979899";

static size_t write_unsigned(char *out, uint64_t value)
{
    char digits[KENAR_INTEGER_ROOM];
    size_t first = sizeof digits;
    while (value >= 100) {
        first -= 2;
        memcpy(digits + first, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        first -= 2;
        memcpy(digits + first, digit_pairs + value * 2, 2);
    } else {
        digits[--first] = (char)('0' + value);
    }
    memcpy(out, digits + first, sizeof digits - first);
    return sizeof digits - first;
}

size_t kenar_number_write_integer(char out[KENAR_INTEGER_ROOM], int64_t value)
{
    if (value >= 0)
        return write_unsigned(out, (uint64_t)value);
    out[0] = '-';
    return 1 + write_unsigned(out + 1, UINT64_C(0) - (uint64_t)value);
}

/* Writes a fraction whose mantissa has so few bits after the point that exact arithmetic fits 64
 * bits. Digits are produced until they identify the double (Steele and White's free-format
 * algorithm, in fixed point). */
static size_t write_fixed(char *out, uint64_t mantissa, unsigned shift)
{
    size_t length = write_unsigned(out, mantissa >> shift);
    out[length++] = '.';
    /* The unit is a quarter of the mantissa's last bit, so that half the distance to a neighbour is
     * an integer. Below a power of two the neighbour is twice as close. */
    const uint64_t one = UINT64_C(4) << shift;
    const bool inclusive =
        mantissa % 2 == 0; /* parsers round a tie to even, which is this number */
    uint64_t rest = (mantissa << 2) & (one - 1);
    uint64_t above = 2, below = mantissa == UINT64_C(1) << MANTISSA_BITS ? 1 : 2;
    for (;;) {
        rest *= 10;
        above *= 10;
        below *= 10;
        const char digit = (char)('0' + (rest >> (shift + 2)));
        rest &= one - 1;
        const bool down = inclusive ? rest <= below : rest < below;
        const bool up = inclusive ? rest + above >= one : rest + above > one;
        if (down || up) {
            const bool tie = rest * 2 == one;
            const bool nearer_up = tie ? digit % 2 != 0 : rest * 2 > one;
            out[length++] = (char)(digit + (down && up ? nearer_up : up));
            return length;
        }
        out[length++] = digit;
    }
}

/* Writes `digits` x 10^(exponent - count + 1) as a decimal or with an exponent. */
static size_t write_layout(char *out, const char *digits, size_t count, int exponent)
{
    size_t length = 0;
    if (exponent < 0 && exponent >= SMALLEST_PLAIN_EXPONENT + 1) {
        memcpy(out, "0.", 2);
        length = 2;
        for (int i = -1; i > exponent; i--)
            out[length++] = '0';
        memcpy(out + length, digits, count);
        return length + count;
    }
    out[length++] = digits[0];
    if (count > 1) {
        out[length++] = '.';
        memcpy(out + length, digits + 1, count - 1);
        length += count - 1;
    }
    out[length++] = 'e';
    return length + kenar_number_write_integer(out + length, exponent);
}

/* `digits` x 10^exponent. strtod rounds correctly, and sees no decimal point. */
static double read_digits(const char *digits, size_t count, int64_t exponent)
{
    char text[SIGNIFICANT_DIGITS + 2 + 2 + KENAR_INTEGER_ROOM];
    memcpy(text, digits, count);
    text[count++] = 'e';
    count += kenar_number_write_integer(text + count, exponent);
    text[count] = '\0';
    return strtod(text, NULL);
}

/* Writes very small and very large numbers. They are rare, so one precision is tried after the
 * other. */
static size_t write_scientific(char *out, double value)
{
    const int fewest = value < 0x1p-1022 ? 1 : 15; /* a normal double represents any 15 digits */
    for (int precision = fewest;; precision++) {
        char printed[64], digits[DOUBLE_DIGITS];
        snprintf(printed, sizeof printed, "%.*e", precision - 1, value);
        const char *mark = strchr(printed, 'e');
        digits[0] = printed[0];
        /* Skips the decimal separator, which depends on the locale. */
        memcpy(digits + 1, mark - (precision - 1), (size_t)(precision - 1));
        size_t count = (size_t)precision;
        const int exponent = (int)strtol(mark + 1, NULL, 10);
        const int scale = exponent - (precision - 1);
        bool found = read_digits(digits, count, scale) == value;
        if (!found && precision < DOUBLE_DIGITS && digits[precision - 1] != '9') {
            /* Below a power of two doubles are closer than above it. So the next digit up may
             * identify the double if the nearest digit does not. */
            digits[precision - 1]++;
            found = read_digits(digits, count, scale) == value;
        }
        if (!found && precision < DOUBLE_DIGITS)
            continue;
        while (count > 1 && digits[count - 1] == '0')
            count--;
        return write_layout(out, digits, count, exponent);
    }
}

size_t kenar_number_write_double(char out[KENAR_DOUBLE_ROOM], double value)
{
    size_t length = 0;
    if (signbit(value)) {
        out[length++] = '-';
        value = -value;
    }
    if (value <= (double)KENAR_EXACT_INTEGERS) {
        const uint64_t whole = (uint64_t)value;
        if ((double)whole == value)
            return length + write_unsigned(out + length, whole);
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        const int shift = EXPONENT_BIAS - (int)(bits >> MANTISSA_BITS);
        if (shift <= LARGEST_FIXED_SHIFT) {
            const uint64_t implied = UINT64_C(1) << MANTISSA_BITS;
            return length +
                   write_fixed(out + length, (bits & (implied - 1)) | implied, (unsigned)shift);
        }
    }
    return length + write_scientific(out + length, value);
}

bool kenar_number_from_decimal(const struct kenar_decimal *decimal, double *value)
{
    static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                           1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    /* Both operands are exact, so the single rounding is correct. */
    if (decimal->digits > KENAR_EXACT_INTEGERS || decimal->exponent < -22 || decimal->exponent > 22)
        return false;
    double magnitude = (double)decimal->digits;
    if (decimal->exponent < 0)
        magnitude /= powers_of_ten[-decimal->exponent];
    else
        magnitude *= powers_of_ten[decimal->exponent];
    *value = decimal->negative ? -magnitude : magnitude;
    return true;
}

double kenar_number_read(const char *text, size_t count)
{
    char digits[SIGNIFICANT_DIGITS + 1];
    size_t kept = 0, at = 0;
    int64_t exponent = 0;
    bool fraction = false, dropped = false;
    const bool negative = count > 0 && text[0] == '-';
    for (at = negative; at < count && text[at] != 'e' && text[at] != 'E'; at++) {
        if (text[at] == '.') {
            fraction = true;
            continue;
        }
        exponent -= fraction;
        if (kept == 0 && text[at] == '0')
            continue;
        if (kept < SIGNIFICANT_DIGITS) {
            digits[kept++] = text[at];
        } else {
            dropped = dropped || text[at] != '0';
            exponent++;
        }
    }
    if (kept == 0)
        return negative ? -0.0 : 0.0;
    if (dropped) { /* a final 1 is enough to record that digits were dropped */
        digits[kept++] = '1';
        exponent--;
    }
    if (at < count) {
        at++;
        const bool minus = text[at] == '-';
        at += text[at] == '-' || text[at] == '+';
        int64_t written = 0;
        for (; at < count; at++)
            if (written < INT64_MAX / 100)
                written = written * 10 + (text[at] - '0');
        exponent += minus ? -written : written;
    }
    if (exponent > EXPONENT_LIMIT)
        exponent = EXPONENT_LIMIT;
    if (exponent < -EXPONENT_LIMIT)
        exponent = -EXPONENT_LIMIT;
    const double magnitude = read_digits(digits, kept, exponent);
    return negative ? -magnitude : magnitude;
}
