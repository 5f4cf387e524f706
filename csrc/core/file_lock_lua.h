/* Locks on files, for Lua. Needs lua.h. */
#ifndef KENAR_FILE_LOCK_LUA_H
#define KENAR_FILE_LOCK_LUA_H

#include "compat.h"

/* Add lock_file to the module table on top of the stack. */
void kenar_file_lock_open(lua_State *L);

#endif
