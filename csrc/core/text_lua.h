/* UTF-8, base64, percent-encoding and secrets for Lua. Needs lua.h. */
#ifndef KENAR_TEXT_LUA_H
#define KENAR_TEXT_LUA_H

#include "compat.h"

/* Add the functions to the module table on top of the stack. */
void kenar_text_open(lua_State *L);

#endif
