/* The database handle, which the database and its statements share. */
#ifndef KENAR_SQLITE_HANDLE_LUA_H
#define KENAR_SQLITE_HANDLE_LUA_H

#include "compat.h"
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

struct kenar_database {
    sqlite3 *handle; /* NULL if closed */
    pid_t owner;
};

/* Whether another process opened the database, before a fork. This process must not use it, because
 * SQLite's locks belong to the other process. */
bool kenar_database_is_foreign(const struct kenar_database *database);

/* Raises if the database is closed or foreign. */
void kenar_database_check_usable(lua_State *L, const struct kenar_database *database);

#endif
