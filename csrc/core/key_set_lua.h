/* Sets of keys, for Lua. Needs lua.h. */
#ifndef KENAR_KEY_SET_LUA_H
#define KENAR_KEY_SET_LUA_H

#include "compat.h"

/* Add key_set to the module table on top of the stack. */
void kenar_key_set_open(lua_State *L);

#endif
