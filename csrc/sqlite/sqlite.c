/* kenar.sqlite: as much of SQLite as the store and the inbox need. No function of it calls back
 * into Lua; each may block while the disk or another connection's lock takes its time. */
#include "database_lua.h"
#include "result_lua.h"
#include "statement_lua.h"

/* The loader of the module `kenar.sqlite`: { open = fn, codes = { SQLITE_BUSY = 5, ... },
 * version = "3.40.1" }. */
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
