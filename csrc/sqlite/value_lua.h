/* Values on their way between Lua and SQLite. */
#ifndef KENAR_SQLITE_VALUE_LUA_H
#define KENAR_SQLITE_VALUE_LUA_H

#include "compat.h"
#include <sqlite3.h>

/* Binds the value at `index` to a parameter, a string as text. The result is SQLite's code; raises
 * for a value that SQLite has no type for, NaN too. */
int kenar_value_bind(lua_State *L, int index, sqlite3_stmt *handle, int parameter);

/* Pushes a column of the row that `handle` stands on. */
void kenar_value_push(lua_State *L, sqlite3_stmt *handle, int column);

#endif
