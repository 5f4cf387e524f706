/* The keys of messages, buttons and actions. Needs lua.h.
 *
 * Lua keeps one copy of each short string, so a key is found by its address. That takes a third of
 * the time of a comparison of bytes. */
#ifndef KENAR_MESSAGE_NAMES_LUA_H
#define KENAR_MESSAGE_NAMES_LUA_H

#include "compat.h"
#include "message/kinds.h"

#include <stddef.h>

enum kenar_name {
    KENAR_NAME_TEXT,
    KENAR_NAME_MEDIA_TOKEN,
    KENAR_NAME_SENDER_BUTTONS,
    KENAR_NAME_RECEIVER_BUTTONS,
    KENAR_NAME_BOTH_BUTTONS,

#define PLAIN_NAME(kind, plain, wire, wire_kind, payload) KENAR_NAME_##kind,
    KENAR_BUTTON_KINDS(PLAIN_NAME)
#undef PLAIN_NAME
        KENAR_NAME_ANSWER,
    KENAR_NAME_ACTION,
    KENAR_NAME_ICON_NAME,
    KENAR_NAME_DATA,
    KENAR_NAME_CAPTION,
    KENAR_NAME_ICON,

#define WIRE_NAME(kind, plain, wire, wire_kind, payload) KENAR_NAME_##wire_kind,
    KENAR_BUTTON_KINDS(WIRE_NAME)
#undef WIRE_NAME
        KENAR_NAME_ACTION_DATA, /* comes right after Divar's names */
    KENAR_NAME_POST_TOKEN,
    KENAR_NAME_ROWS,
    KENAR_NAME_ROW_BUTTONS,

    KENAR_NAME_COUNT,
    KENAR_NAME_UNKNOWN = KENAR_NAME_COUNT,
    KENAR_NAME_SCALAR /* the key is a number or boolean */
};

/* A range of names, which one kind of table may have. */
struct kenar_names {
    enum kenar_name first, last;
};
static const struct kenar_names kenar_message_names = {KENAR_NAME_TEXT, KENAR_NAME_BOTH_BUTTONS};
static const struct kenar_names kenar_button_names = {KENAR_NAME_BOTH_BUTTONS + 1, KENAR_NAME_ICON};
static const struct kenar_names kenar_action_names = {KENAR_NAME_ICON + 1,
                                                      KENAR_NAME_ACTION_DATA - 1};

extern const char *const kenar_name_texts[KENAR_NAME_COUNT];

/* The addresses of the names in a Lua state. */
struct kenar_name_addresses {
    const void *of[KENAR_NAME_COUNT];
};

/* Pushes the addresses, a userdata, and a table that keeps the strings alive. */
void kenar_names_push(lua_State *L);

/* The name at the stack index `at` among `names`, or KENAR_NAME_UNKNOWN or KENAR_NAME_SCALAR.
 * Searches from the last name, because the frequent names are last. */
static inline enum kenar_name kenar_name_find(lua_State *L, int at, struct kenar_names names,
                                              const struct kenar_name_addresses *addresses)
{
    const void *address = lua_topointer(L, at);
    if (address == NULL)
        return KENAR_NAME_SCALAR;
    unsigned name = (unsigned)names.last + 1;
    while (name-- > (unsigned)names.first) {
        if (addresses->of[name] == address)
            return (enum kenar_name)name;
    }
    return KENAR_NAME_UNKNOWN;
}

#endif
