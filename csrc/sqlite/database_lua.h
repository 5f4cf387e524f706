/* A connection to a database, and what its statements need to know of it. */
#ifndef KENAR_SQLITE_DATABASE_LUA_H
#define KENAR_SQLITE_DATABASE_LUA_H

#include "compat.h"
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

struct kenar_database {
    sqlite3 *handle; /* NULL when closed */
    pid_t owner;
};

/* Whether a fork has carried the connection into another process. There it must not be touched at
 * all: SQLite's locks are the opener's. */
bool kenar_database_is_foreign(const struct kenar_database *database);

/* Raises when the database is closed or foreign. */
void kenar_database_check_usable(lua_State *L, const struct kenar_database *database);

/* Adds `open` to the module's table on top of the stack. */
void kenar_database_open(lua_State *L);

#endif
