#include "handle_lua.h"

#include <unistd.h>

bool kenar_database_is_foreign(const struct kenar_database *database)
{
    return database->owner != getpid();
}

void kenar_database_check_usable(lua_State *L, const struct kenar_database *database)
{
    if (database->handle == NULL)
        luaL_error(L, "the database is closed");
    if (kenar_database_is_foreign(database))
        luaL_error(L, "the database was opened before a fork and belongs to the parent: open it in "
                      "each process");
}
