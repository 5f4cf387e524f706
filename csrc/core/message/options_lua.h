/* The options of encode_message. Needs lua.h. */
#ifndef KENAR_MESSAGE_OPTIONS_LUA_H
#define KENAR_MESSAGE_OPTIONS_LUA_H

#include "compat.h"

#include <stdbool.h>
#include <stddef.h>

/* The bytes of a Lua string, which the caller keeps alive. `bytes` is NULL if there is no
 * string. */
struct kenar_text {
    const char *bytes;
    size_t length;
};

/* The key of a button's icon. Divar reads `icon`; `icon_name` is the older key. */
enum kenar_icon_key {
    KENAR_ICON,
    KENAR_ICON_NAME,
    KENAR_ICON_BOTH,
    KENAR_ICON_AS_GIVEN,
};

struct kenar_message_options {
    struct kenar_text via;             /* kenar_via in the data of the bot's buttons */
    struct kenar_text state;           /* kenar_state in the data of answer buttons */
    struct kenar_text conversation_id; /* copy of the id in the path, for the body */
    struct kenar_text user_id;
    enum kenar_icon_key icon_key;
    bool strict_icons;
    bool strict_captions;
    bool send_type;  /* "type": "TEXT" with a text */
    bool empty_text; /* "" as the text of a message with a media token */
};

/* Reads the table at `index` (nil: the defaults). Raises for an unknown option, and for a value of
 * the wrong type. `bot` allows conversation_id and user_id. */
void kenar_message_options_read(lua_State *L, int index, bool bot,
                                struct kenar_message_options *options);

#endif
