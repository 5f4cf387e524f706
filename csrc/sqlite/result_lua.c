#include "result_lua.h"

/* All primary result codes that are failures. */
static const struct {
    const char *name;
    int code;
} results[] = {
    {"SQLITE_ERROR", SQLITE_ERROR},         {"SQLITE_INTERNAL", SQLITE_INTERNAL},
    {"SQLITE_PERM", SQLITE_PERM},           {"SQLITE_ABORT", SQLITE_ABORT},
    {"SQLITE_BUSY", SQLITE_BUSY},           {"SQLITE_LOCKED", SQLITE_LOCKED},
    {"SQLITE_NOMEM", SQLITE_NOMEM},         {"SQLITE_READONLY", SQLITE_READONLY},
    {"SQLITE_INTERRUPT", SQLITE_INTERRUPT}, {"SQLITE_IOERR", SQLITE_IOERR},
    {"SQLITE_CORRUPT", SQLITE_CORRUPT},     {"SQLITE_NOTFOUND", SQLITE_NOTFOUND},
    {"SQLITE_FULL", SQLITE_FULL},           {"SQLITE_CANTOPEN", SQLITE_CANTOPEN},
    {"SQLITE_PROTOCOL", SQLITE_PROTOCOL},   {"SQLITE_SCHEMA", SQLITE_SCHEMA},
    {"SQLITE_TOOBIG", SQLITE_TOOBIG},       {"SQLITE_CONSTRAINT", SQLITE_CONSTRAINT},
    {"SQLITE_MISMATCH", SQLITE_MISMATCH},   {"SQLITE_MISUSE", SQLITE_MISUSE},
    {"SQLITE_NOLFS", SQLITE_NOLFS},         {"SQLITE_AUTH", SQLITE_AUTH},
    {"SQLITE_RANGE", SQLITE_RANGE},         {"SQLITE_NOTADB", SQLITE_NOTADB},
};

enum { RESULT_COUNT = sizeof results / sizeof *results };

static const char *name_of(int code)
{
    for (size_t i = 0; i < RESULT_COUNT; i++)
        if (results[i].code == code)
            return results[i].name;
    return "SQLITE_UNKNOWN";
}

int kenar_result_push_failure(lua_State *L, sqlite3 *handle, int code)
{
    int primary = code & 0xff; /* an extended code has its primary code in the low byte */
    lua_pushnil(L);
    lua_pushstring(L, handle != NULL ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
    lua_pushinteger(L, primary);
    lua_pushstring(L, name_of(primary));
    return 4;
}

void kenar_result_open(lua_State *L)
{
    lua_createtable(L, 0, RESULT_COUNT);
    for (size_t i = 0; i < RESULT_COUNT; i++) {
        lua_pushinteger(L, results[i].code);
        lua_setfield(L, -2, results[i].name);
    }
    lua_setfield(L, -2, "codes");
}
