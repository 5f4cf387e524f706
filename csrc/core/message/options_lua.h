/* The options of encode_message. Needs lua.h. */
#ifndef KENAR_MESSAGE_OPTIONS_LUA_H
#define KENAR_MESSAGE_OPTIONS_LUA_H

#include "compat.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a Lua string that somebody else keeps alive; `bytes` is NULL where there is none. */
struct kenar_text {
    const char *bytes;
    size_t length;
};

/* Under which key a button's icon is written. Divar reads `icon`; `icon_name` is its older name. */
enum kenar_icon_key {
    KENAR_ICON,
    KENAR_ICON_NAME,
    KENAR_ICON_BOTH,
    KENAR_ICON_AS_GIVEN,
};

struct kenar_message_options {
    struct kenar_text via;             /* kenar_via in the data of our buttons */
    struct kenar_text state;           /* kenar_state in the data of answer buttons */
    struct kenar_text conversation_id; /* copies of the id in the path, written into the body */
    struct kenar_text user_id;
    enum kenar_icon_key icon_key;
    bool strict_icons;
    bool strict_captions;
    bool send_type;  /* "type": "TEXT" beside a text */
    bool empty_text; /* "" as the text beside a media token */
};

/* Read the table at `index` (nil: the defaults); a key that is no option or a value of the wrong
 * type is the program's mistake and raises. The ids are options of `bot` messages only. */
void kenar_message_options_read(lua_State *L, int index, bool bot,
                                struct kenar_message_options *options);

#endif
