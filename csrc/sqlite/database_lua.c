#include "database_lua.h"

#include "handle_lua.h"
#include "result_lua.h"
#include "statement_lua.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATABASE "kenar.sqlite.database"
#define DEFAULT_TIMEOUT 5.0

struct options {
    bool read_only;
    double timeout;
};

static struct kenar_database *check_database(lua_State *L)
{
    return luaL_checkudata(L, 1, DATABASE);
}

static struct kenar_database *check_usable(lua_State *L)
{
    struct kenar_database *database = check_database(L);
    kenar_database_check_usable(L, database);
    return database;
}

static void release(struct kenar_database *database)
{
    sqlite3 *handle = database->handle;
    sqlite3_stmt *statement;
    database->handle = NULL;
    /* The child of a fork frees nothing, because closing would write to the parent's files. */
    if (handle == NULL || kenar_database_is_foreign(database))
        return;
    /* Their userdata check the database's handle, so they know that their statements are
     * finalized. */
    while ((statement = sqlite3_next_stmt(handle, NULL)) != NULL)
        sqlite3_finalize(statement);
    sqlite3_close_v2(handle);
}

static void read_options(lua_State *L, int index, struct options *options)
{
    if (lua_isnoneornil(L, index))
        return;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) { /* name, value */
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        if (strcmp(name, "read_only") == 0) {
            luaL_argcheck(L, lua_isboolean(L, -1), index, "read_only is true or false");
            options->read_only = lua_toboolean(L, -1);
        } else if (strcmp(name, "timeout") == 0) {
            options->timeout = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
            luaL_argcheck(L, options->timeout >= 0 && options->timeout <= 3600, index,
                          "timeout is a number of seconds from 0 to 3600");
        } else {
            luaL_argerror(L, index, "unknown option: expected read_only or timeout");
        }
        lua_pop(L, 1);
    }
}

static bool is_missing(const char *path)
{
    struct stat status;
    return stat(path, &status) != 0 && errno == ENOENT;
}

/* Creates the file, readable by its owner only, because SQLite would let every user read it. An
 * existing file is not opened: closing a descriptor of it would drop the locks of another
 * connection of this process. O_EXCL refuses a symbolic link to a missing file, which SQLite would
 * create. */
static void create_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 && errno == EEXIST && is_missing(path))
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0)
        close(fd);
}

/* sqlite.open(path [, { read_only = false, timeout = 5 }]) -> database | nil, message, code, name
 *
 * `path` is a file, never a URI; ":memory:" is a database of this connection only. A new file is
 * readable by its owner only. `timeout` is in seconds: a call that waits longer for another
 * connection's lock fails with SQLITE_BUSY. A file that is not a database fails at its first
 * use. */
static int open_database(lua_State *L)
{
    size_t length;
    const char *path = luaL_checklstring(L, 1, &length);
    struct options options = {.read_only = false, .timeout = DEFAULT_TIMEOUT};
    luaL_argcheck(L, length > 0 && strlen(path) == length, 1, "expected the path of a file");
    read_options(L, 2, &options);

    struct kenar_database *database = lua_newuserdatauv(L, sizeof *database, 0);
    memset(database, 0, sizeof *database);
    database->owner = getpid();
    luaL_getmetatable(L, DATABASE);
    lua_setmetatable(L, -2);

    if (!options.read_only && strcmp(path, ":memory:") != 0)
        create_private(path);
    int code = sqlite3_open_v2(path, &database->handle,
                               options.read_only ? SQLITE_OPEN_READONLY
                                                 : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                               NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(database->handle, (int)(options.timeout * 1000));
    if (code != SQLITE_OK) {
        kenar_result_push_failure(L, database->handle, code);
        release(database);
        return 4;
    }
    return 1;
}

/* database:exec(sql) -> true | nil, message, code, name
 * Runs all statements in `sql` and ignores their rows. */
static int exec(lua_State *L)
{
    struct kenar_database *database = check_usable(L);
    size_t length;
    const char *sql = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, strlen(sql) == length, 2, "the SQL contains a NUL");
    int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return kenar_result_push_failure(L, database->handle, code);
    lua_pushboolean(L, 1);
    return 1;
}

static int prepare(lua_State *L)
{
    return kenar_statement_prepare(L, check_usable(L));
}

/* database:changes() -> rows written by the last INSERT, UPDATE or DELETE */
static int changes(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)sqlite3_changes(check_usable(L)->handle));
    return 1;
}

/* database:is_foreign() -> whether the database was opened before a fork, so that this process must
 * not use it */
static int is_foreign(lua_State *L)
{
    lua_pushboolean(L, kenar_database_is_foreign(check_database(L)));
    return 1;
}

/* database:close()
 * Finalizes the statements and rolls back an open transaction. May be called again. Collecting the
 * database closes it too. */
static int close_database(lua_State *L)
{
    release(check_database(L));
    return 0;
}

static int to_string(lua_State *L)
{
    lua_pushfstring(L, DATABASE " (%s)", check_database(L)->handle != NULL ? "open" : "closed");
    return 1;
}

static const luaL_Reg methods[] = {
    {"exec", exec},
    {"prepare", prepare},
    {"changes", changes},
    {"is_foreign", is_foreign},
    {"close", close_database},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", close_database},
    {"__close", close_database},
    {"__tostring", to_string},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"open", open_database},
    {NULL, NULL},
};

void kenar_database_open(lua_State *L)
{
    luaL_newmetatable(L, DATABASE);
    luaL_setfuncs(L, metamethods, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, DATABASE);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    luaL_setfuncs(L, functions, 0);
}
