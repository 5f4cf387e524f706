/* Files that keep room on a disk, for Lua. Needs lua.h. */
#ifndef KENAR_RESERVE_FILE_LUA_H
#define KENAR_RESERVE_FILE_LUA_H

#include "compat.h"

/* Add reserve_file to the module table on top of the stack. */
void kenar_reserve_file_lua_open(lua_State *L);

#endif
