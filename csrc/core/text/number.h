/* Numbers to and from decimal text. Neither way depends on the locale: no decimal point ever passes
 * through the C library. */
#ifndef KENAR_TEXT_NUMBER_H
#define KENAR_TEXT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KENAR_INTEGER_ROOM = 20, KENAR_DOUBLE_ROOM = 32 };

/* Doubles count by one up to here: 2^53. */
#define KENAR_EXACT_INTEGERS UINT64_C(9007199254740992)

/* Both write at most that room, without a NUL, and return the length. */
size_t kenar_number_write_integer(char out[KENAR_INTEGER_ROOM], int64_t value);

/* The shortest digits that read back to the same double, the nearest of them to it:
 * `1729429926141234`, `0.1`, `1e21`, `-0`. A whole number up to 2^53 has neither point nor exponent
 * (1.0 is `1`), a larger one has an exponent. The value must be finite. */
size_t kenar_number_write_double(char out[KENAR_DOUBLE_ROOM], double value);

/* A decimal number, taken apart: (-1)^negative x digits x 10^exponent. */
struct kenar_decimal {
    uint64_t digits;
    int64_t exponent;
    bool negative;
};

/* The nearest double, where one multiplication or division gives it; false where it takes more. */
bool kenar_number_from_decimal(const struct kenar_decimal *decimal, double *value);

/* The nearest double to a number as JSON's grammar has it (the caller has checked that). Infinite
 * when it is too large for a double. */
double kenar_number_read(const char *text, size_t count);

#endif
