#include "class.h"
#include "core.h"

#include "message/icons.h"

/* icons() -> array of all names in alphabetical order */
static int icons(lua_State *L)
{
    lua_createtable(L, KENAR_ICON_COUNT, 0);
    for (int i = 0; i < KENAR_ICON_COUNT; i++) {
        lua_pushstring(L, kenar_icon_names[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* icon_suggestion(name) -> nearest name | nil */
static int icon_suggestion(lua_State *L)
{
    size_t length;
    const char *name = luaL_checklstring(L, 1, &length);
    lua_pushstring(L, kenar_icon_suggestion(name, length));
    return 1;
}

static const luaL_Reg functions[] = {
    {"icons", icons},
    {"icon_suggestion", icon_suggestion},
    {NULL, NULL},
};

void kenar_icons_open(lua_State *L)
{
    kenar_functions_open(L, functions);
}
