/* The icon names for Lua. Needs lua.h. */
#ifndef KENAR_ICONS_LUA_H
#define KENAR_ICONS_LUA_H

#include "compat.h"

/* Add icons and icon_suggestion to the module table on top of the stack. */
void kenar_icons_open(lua_State *L);

#endif
