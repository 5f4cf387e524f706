/* Prepared statements for Lua. */
#ifndef KENAR_SQLITE_STATEMENT_LUA_H
#define KENAR_SQLITE_STATEMENT_LUA_H

#include "handle_lua.h"

/* database:prepare(sql) -> statement | nil, message, code, name
 *
 * Raises unless `sql` has exactly one statement. The statement keeps its database from being
 * collected. It raises after the database is closed. */
int kenar_statement_prepare(lua_State *L, struct kenar_database *database);

/* Makes the metatable of statements. */
void kenar_statement_open(lua_State *L);

#endif
