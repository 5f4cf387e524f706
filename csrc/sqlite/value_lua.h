/* Converts values between Lua and SQLite. */
#ifndef KENAR_SQLITE_VALUE_LUA_H
#define KENAR_SQLITE_VALUE_LUA_H

#include "compat.h"
#include <sqlite3.h>

/* Binds the value at `index` to a parameter; a string becomes TEXT. Returns SQLite's code. Raises
 * for NaN, and for a type that SQLite does not have. */
int kenar_value_bind(lua_State *L, int index, sqlite3_stmt *handle, int parameter);

/* Pushes a column of the current row of `handle`. */
void kenar_value_push(lua_State *L, sqlite3_stmt *handle, int column);

#endif
