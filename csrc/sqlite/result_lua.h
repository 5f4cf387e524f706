/* SQLite's result codes, as Lua sees them. */
#ifndef KENAR_SQLITE_RESULT_LUA_H
#define KENAR_SQLITE_RESULT_LUA_H

#include "compat.h"
#include <sqlite3.h>

/* Pushes nil, message, code, name for the failure that `handle` met last. The code is the primary
 * one; `handle` may be NULL when memory was short. */
int kenar_result_push_failure(lua_State *L, sqlite3 *handle, int code);

/* Adds `codes` to the module's table on top of the stack: numbers by name. */
void kenar_result_open(lua_State *L);

#endif
