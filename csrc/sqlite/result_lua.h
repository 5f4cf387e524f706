/* SQLite's result codes for Lua. */
#ifndef KENAR_SQLITE_RESULT_LUA_H
#define KENAR_SQLITE_RESULT_LUA_H

#include "compat.h"
#include <sqlite3.h>

/* Pushes nil, message, code, name for the last failure of `handle` and returns 4. The pushed code
 * is the primary code. `handle` may be NULL if memory is short. */
int kenar_result_push_failure(lua_State *L, sqlite3 *handle, int code);

/* Adds `codes`, a map from names to numbers, to the module table on top of the stack. */
void kenar_result_open(lua_State *L);

#endif
