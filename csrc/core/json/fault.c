#include "json/fault.h"

#include "text/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void kenar_fault_clear(struct kenar_fault *fault)
{
    fault->message = "";
    fault->path[0] = '\0';
    fault->out_of_memory = false;
}

bool kenar_fault_set(struct kenar_fault *fault, const char *literal)
{
    fault->message = literal;
    return false;
}

bool kenar_fault_format(struct kenar_fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    fault->message = fault->text;
    return false;
}

bool kenar_fault_no_memory(struct kenar_fault *fault)
{
    fault->message = "not enough memory";
    fault->out_of_memory = true;
    return false;
}

static void prepend(struct kenar_fault *fault, const char *step, size_t count)
{
    const bool dot = fault->path[0] != '\0' && fault->path[0] != '[';
    const size_t room = sizeof fault->path - 1 - count - dot;
    size_t kept = strlen(fault->path);
    if (kept > room)
        kept = kenar_utf8_valid_prefix(fault->path, room);
    memmove(fault->path + count + dot, fault->path, kept);
    memcpy(fault->path, step, count);
    if (dot)
        fault->path[count] = '.';
    fault->path[count + dot + kept] = '\0';
}

static bool is_name(const char *key, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char c = key[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return count > 0;
}

void kenar_fault_prepend_key(struct kenar_fault *fault, const char *key, size_t count)
{
    enum { LONGEST_KEY = 100 };
    if (count <= LONGEST_KEY && is_name(key, count)) {
        prepend(fault, key, count);
        return;
    }
    char step[LONGEST_KEY + 16] = "[\"";
    size_t length = 2, offset = 0;
    while (offset < count && offset < LONGEST_KEY) {
        const unsigned char byte = (unsigned char)key[offset];
        const size_t sequence =
            kenar_utf8_sequence((const unsigned char *)key + offset, count - offset);
        const size_t taken = sequence > 0 ? sequence : 1;
        if (sequence == 0 && (byte < 0x20 || byte >= 0x7F))
            step[length] = '?';
        else
            memcpy(step + length, key + offset, taken);
        length += taken;
        offset += taken;
    }
    const char *end = offset < count ? "...\"]" : "\"]";
    memcpy(step + length, end, strlen(end));
    prepend(fault, step, length + strlen(end));
}

void kenar_fault_prepend_index(struct kenar_fault *fault, size_t index)
{
    char step[32];
    const int length = snprintf(step, sizeof step, "[%zu]", index);
    prepend(fault, step, (size_t)length);
}
