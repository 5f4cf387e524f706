#include "message/names_lua.h"

const char *const kenar_name_texts[KENAR_NAME_COUNT] = {
    [KENAR_NAME_TEXT] = "text",
    [KENAR_NAME_MEDIA_TOKEN] = "media_token",
    [KENAR_NAME_SENDER_BUTTONS] = "sender_buttons",
    [KENAR_NAME_RECEIVER_BUTTONS] = "receiver_buttons",
    [KENAR_NAME_BOTH_BUTTONS] = "buttons",
#define TEXTS(kind, plain, wire, wire_kind, payload)                                               \
    [KENAR_NAME_##kind] = plain, [KENAR_NAME_##wire_kind] = wire,
    KENAR_BUTTON_KINDS(TEXTS)
#undef TEXTS
        [KENAR_NAME_ANSWER] = "answer",
    [KENAR_NAME_ACTION] = "action",
    [KENAR_NAME_ICON_NAME] = "icon_name",
    [KENAR_NAME_DATA] = "data",
    [KENAR_NAME_CAPTION] = "caption",
    [KENAR_NAME_ICON] = "icon",
    [KENAR_NAME_ACTION_DATA] = "data",
    [KENAR_NAME_POST_TOKEN] = "post_token",
    [KENAR_NAME_ROWS] = "rows",
    [KENAR_NAME_ROW_BUTTONS] = "buttons",
};

void kenar_names_push(lua_State *L)
{
    struct kenar_name_addresses *addresses = lua_newuserdatauv(L, sizeof *addresses, 0);
    lua_createtable(L, KENAR_NAME_COUNT, 0);
    for (int name = 0; name < KENAR_NAME_COUNT; name++) {
        lua_pushstring(L, kenar_name_texts[name]);
        addresses->of[name] = lua_topointer(L, -1);
        lua_rawseti(L, -2, name + 1);
    }
}
