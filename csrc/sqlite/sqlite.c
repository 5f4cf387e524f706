/* kenar.sqlite: the part of SQLite that the store and the inbox need. No function calls back into
 * Lua. Each may block for the disk or for another connection's lock. */
#include "database_lua.h"
#include "result_lua.h"
#include "statement_lua.h"

/* The loader of kenar.sqlite: { open = fn, codes = { SQLITE_BUSY = 5, ... }, version = "3.40.1"
 * }. */
__attribute__((visibility("default"))) int luaopen_kenar_sqlite(lua_State *L)
{
    lua_createtable(L, 0, 3);
    kenar_result_open(L);
    kenar_statement_open(L);
    kenar_database_open(L);
    lua_pushstring(L, sqlite3_libversion());
    lua_setfield(L, -2, "version");
    return 1;
}
