/* Prepared statements. */
#ifndef KENAR_SQLITE_STATEMENT_LUA_H
#define KENAR_SQLITE_STATEMENT_LUA_H

#include "database_lua.h"

/* database:prepare(sql) -> statement | nil, message, code, name
 *
 * One statement; raises when there is none or more than one. It keeps its database from being
 * collected, and is of no use once that is closed. */
int kenar_statement_prepare(lua_State *L, struct kenar_database *database);

void kenar_statement_open(lua_State *L);

#endif
