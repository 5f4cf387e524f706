/* Files that grow at their end, for Lua. Needs lua.h. */
#ifndef KENAR_APPEND_FILE_LUA_H
#define KENAR_APPEND_FILE_LUA_H

#include "compat.h"

/* Add append_file to the module table on top of the stack. */
void kenar_append_file_lua_open(lua_State *L);

#endif
