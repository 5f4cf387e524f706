/* The keys that messages, buttons and actions are made of. Needs lua.h.
 *
 * Lua keeps one copy of each string as short as these, so a key is known by its address alone,
 * which costs a third of reading and comparing its bytes. */
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

#define PLAIN_NAME(kind, plain, wire, wire_kind, holds) KENAR_NAME_##kind,
    KENAR_BUTTON_KINDS(PLAIN_NAME)
#undef PLAIN_NAME
        KENAR_NAME_ANSWER,
    KENAR_NAME_ACTION,
    KENAR_NAME_ICON_NAME,
    KENAR_NAME_DATA,
    KENAR_NAME_CAPTION,
    KENAR_NAME_ICON,

#define WIRE_NAME(kind, plain, wire, wire_kind, holds) KENAR_NAME_##wire_kind,
    KENAR_BUTTON_KINDS(WIRE_NAME)
#undef WIRE_NAME
        KENAR_NAME_ACTION_DATA, /* follows the last of Divar's names */
    KENAR_NAME_POST_TOKEN,
    KENAR_NAME_ROWS,
    KENAR_NAME_ROW_BUTTONS,

    KENAR_NAME_COUNT,
    KENAR_NAME_UNKNOWN = KENAR_NAME_COUNT,
    KENAR_NAME_NUMBER /* or a boolean: not a name at all */
};

/* The names that one kind of table may have. */
struct kenar_names {
    enum kenar_name first, last;
};
static const struct kenar_names kenar_message_names = {KENAR_NAME_TEXT, KENAR_NAME_BOTH_BUTTONS};
static const struct kenar_names kenar_button_names = {KENAR_NAME_BOTH_BUTTONS + 1, KENAR_NAME_ICON};
static const struct kenar_names kenar_action_names = {KENAR_NAME_ICON + 1,
                                                      KENAR_NAME_ACTION_DATA - 1};

extern const char *const kenar_name_texts[KENAR_NAME_COUNT];

/* The addresses in one Lua state. */
struct kenar_name_addresses {
    const void *of[KENAR_NAME_COUNT];
};

/* Push the addresses, a userdata, and a table that keeps the strings where they are. */
void kenar_names_push(lua_State *L);

/* Which of the names the key at `at` of the stack is; KENAR_NAME_UNKNOWN or _NUMBER when none.
 * Looks from the last to the first, where the frequent ones are. */
static inline enum kenar_name kenar_name_find(lua_State *L, int at, struct kenar_names names,
                                              const struct kenar_name_addresses *addresses)
{
    const void *address = lua_topointer(L, at);
    if (address == NULL)
        return KENAR_NAME_NUMBER;
    unsigned name = (unsigned)names.last + 1;
    while (name-- > (unsigned)names.first) {
        if (addresses->of[name] == address)
            return (enum kenar_name)name;
    }
    return KENAR_NAME_UNKNOWN;
}

#endif
