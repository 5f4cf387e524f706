#include "field.h"

/* For each byte the lower-case character that a field name may hold, or zero. */
static const char token_characters[256] = {
    ['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&', ['\''] = '\'', ['*'] = '*',
    ['+'] = '+', ['-'] = '-', ['.'] = '.', ['^'] = '^', ['_'] = '_', ['`'] = '`',   ['|'] = '|',
    ['~'] = '~', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',   ['5'] = '5',
    ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['A'] = 'a', ['B'] = 'b',   ['C'] = 'c',
    ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i',   ['J'] = 'j',
    ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p',   ['Q'] = 'q',
    ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w',   ['X'] = 'x',
    ['Y'] = 'y', ['Z'] = 'z', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd',   ['e'] = 'e',
    ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k',   ['l'] = 'l',
    ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r',   ['s'] = 's',
    ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y',   ['z'] = 'z',
};

bool kenar_field_name_valid(const char *name, size_t length)
{
    if (length == 0 || length > KENAR_FIELD_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (token_characters[(unsigned char)name[i]] == 0)
            return false;
    }
    return true;
}

void kenar_field_name_lower(char *to, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        to[i] = token_characters[(unsigned char)name[i]];
}

bool kenar_field_name_same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length != b_length)
        return false;
    for (size_t i = 0; i < a_length; i++) {
        if (token_characters[(unsigned char)a[i]] != token_characters[(unsigned char)b[i]])
            return false;
    }
    return true;
}

void kenar_field_trim(struct kenar_field *field)
{
    while (field->value_length > 0 && (field->value[field->value_length - 1] == ' ' ||
                                       field->value[field->value_length - 1] == '\t'))
        field->value_length--;
}

uint64_t kenar_field_kind(const struct kenar_field *field)
{
    unsigned first = (unsigned char)field->name[0] | 0x20u;
    unsigned last = (unsigned char)field->name[field->name_length - 1] | 0x20u;
    return UINT64_C(1) << ((field->name_length * 7 + first * 3 + last) % 64);
}
