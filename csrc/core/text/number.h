/* Converts numbers to and from decimal text. The result does not depend on the locale, because the
 * C library never sees a decimal point. */
#ifndef KENAR_TEXT_NUMBER_H
#define KENAR_TEXT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KENAR_INTEGER_ROOM = 20, KENAR_DOUBLE_ROOM = 32 };

/* 2^53: up to here a double represents every integer. */
#define KENAR_EXACT_INTEGERS UINT64_C(9007199254740992)

/* Both functions write without a NUL and return the length. */
size_t kenar_number_write_integer(char out[KENAR_INTEGER_ROOM], int64_t value);

/* Writes the shortest digits that read back to the same double; of several, the digits nearest to
 * it: `1729429926141234`, `0.1`, `1e21`, `-0`. Whole numbers up to 2^53 have neither point nor
 * exponent (1.0 is `1`); larger numbers have an exponent. The value must be finite. */
size_t kenar_number_write_double(char out[KENAR_DOUBLE_ROOM], double value);

/* A decimal number: (-1)^negative x digits x 10^exponent. */
struct kenar_decimal {
    uint64_t digits;
    int64_t exponent;
    bool negative;
};

/* Sets the nearest double if one multiplication or division is enough. False otherwise. */
bool kenar_number_from_decimal(const struct kenar_decimal *decimal, double *value);

/* The nearest double to a number in JSON's syntax, which the caller has checked. Infinity if it is
 * too large for a double. */
double kenar_number_read(const char *text, size_t count);

#endif
