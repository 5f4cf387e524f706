/* Database connections for Lua. */
#ifndef KENAR_SQLITE_DATABASE_LUA_H
#define KENAR_SQLITE_DATABASE_LUA_H

#include "compat.h"

/* Adds `open` to the module table on top of the stack. */
void kenar_database_open(lua_State *L);

#endif
