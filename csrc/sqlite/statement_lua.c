#include "statement_lua.h"

#include "result_lua.h"
#include "value_lua.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define STATEMENT "kenar.sqlite.statement"

/* The user value is a table that holds the database's userdata. */
struct statement {
    struct kenar_database *database;
    sqlite3_stmt *handle; /* gone with the database's handle; NULL when closed */
    bool has_row;
};

static struct statement *check_statement(lua_State *L)
{
    return luaL_checkudata(L, 1, STATEMENT);
}

static struct statement *check_usable(lua_State *L)
{
    struct statement *statement = check_statement(L);
    if (statement->handle == NULL)
        luaL_error(L, "the statement is closed");
    kenar_database_check_usable(L, statement->database);
    return statement;
}

static int push_failure(lua_State *L, const struct statement *statement, int code)
{
    return kenar_result_push_failure(L, statement->database->handle, code);
}

static bool is_blank(const char *text)
{
    while (isspace((unsigned char)*text) || *text == ';')
        text++;
    return *text == '\0';
}

int kenar_statement_prepare(lua_State *L, struct kenar_database *database)
{
    size_t length;
    const char *sql = luaL_checklstring(L, 2, &length), *rest = NULL;
    luaL_argcheck(L, strlen(sql) == length && length < INT_MAX, 2, "there is a NUL in it");

    struct statement *statement = lua_newuserdatauv(L, sizeof *statement, 1);
    memset(statement, 0, sizeof *statement);
    statement->database = database;
    lua_createtable(L, 1, 0);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, 1);
    lua_setiuservalue(L, -2, 1);
    luaL_getmetatable(L, STATEMENT);
    lua_setmetatable(L, -2);

    int code = sqlite3_prepare_v3(database->handle, sql, (int)length + 1, SQLITE_PREPARE_PERSISTENT,
                                  &statement->handle, &rest);
    if (code != SQLITE_OK)
        return push_failure(L, statement, code);
    luaL_argcheck(L, statement->handle != NULL, 2, "there is no statement in it");
    luaL_argcheck(L, is_blank(rest), 2, "there is more than one statement in it: see exec");
    return 1;
}

static void reset(struct statement *statement)
{
    statement->has_row = false;
    /* The code is that of the last step, which has been told. */
    sqlite3_reset(statement->handle);
}

/* Binds the arguments after the statement. */
static int bind_all(lua_State *L, struct statement *statement)
{
    int given = lua_gettop(L) - 1, wanted = sqlite3_bind_parameter_count(statement->handle);
    if (given != wanted)
        luaL_error(L, "the statement takes %d values, got %d", wanted, given);
    reset(statement);
    int code = SQLITE_OK;
    for (int i = 1; i <= given && code == SQLITE_OK; i++)
        code = kenar_value_bind(L, i + 1, statement->handle, i);
    return code;
}

static int push_outcome(lua_State *L, const struct statement *statement, int code)
{
    if (code != SQLITE_OK)
        return push_failure(L, statement, code);
    lua_pushboolean(L, 1);
    return 1;
}

/* statement:bind(value, ...) -> true | nil, message, code, name
 *
 * All parameters: nil is NULL, a boolean 0 or 1, a string TEXT. Lua 5.4's integers are INTEGER and
 * its floats REAL; on LuaJIT whole numbers up to 2^53 are INTEGER and all others REAL. An integer
 * beyond goes through LuaJIT as a string of digits, which a column of type INTEGER takes for what
 * it says. Raises for NaN. */
static int bind(lua_State *L)
{
    struct statement *statement = check_usable(L);
    return push_outcome(L, statement, bind_all(L, statement));
}

/* statement:bind_blob(parameter, bytes) -> true | nil, message, code, name
 * One parameter, counted from 1; the others stay as they were bound. */
static int bind_blob(lua_State *L)
{
    struct statement *statement = check_usable(L);
    lua_Integer parameter = luaL_checkinteger(L, 2);
    luaL_argcheck(L, parameter >= 1 && parameter <= sqlite3_bind_parameter_count(statement->handle),
                  2, "the statement has no such parameter");
    luaL_checktype(L, 3, LUA_TSTRING);
    size_t length;
    const char *bytes = lua_tolstring(L, 3, &length);
    reset(statement);
    return push_outcome(
        L, statement,
        sqlite3_bind_blob64(statement->handle, (int)parameter, bytes, length, SQLITE_TRANSIENT));
}

/* statement:step() -> "row" | "done" | nil, message, code, name
 * Until it is "done" or reset, a statement that reads holds its snapshot. */
static int step(lua_State *L)
{
    struct statement *statement = check_usable(L);
    int code = sqlite3_step(statement->handle);
    statement->has_row = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        int pushed = push_failure(L, statement, code);
        reset(statement);
        return pushed;
    }
    lua_pushstring(L, code == SQLITE_ROW ? "row" : "done");
    return 1;
}

/* statement:values() -> the columns of the row that step came to
 * NULL is nil; TEXT and BLOB are strings. On LuaJIT an INTEGER beyond 2^53 either way is a string
 * of its digits, for a number would be rounded. Raises when there is no row. */
static int values(lua_State *L)
{
    struct statement *statement = check_usable(L);
    if (!statement->has_row)
        return luaL_error(L, "there is no row: step has not come to one");
    int columns = sqlite3_data_count(statement->handle);
    luaL_checkstack(L, columns, "too many columns");
    for (int i = 0; i < columns; i++)
        kenar_value_push(L, statement->handle, i);
    return columns;
}

/* statement:reset() -> true
 * Ready to be bound and stepped anew; nothing is bound any more. */
static int reset_statement(lua_State *L)
{
    struct statement *statement = check_usable(L);
    reset(statement);
    sqlite3_clear_bindings(statement->handle);
    lua_pushboolean(L, 1);
    return 1;
}

/* statement:run(value, ...) -> true | nil, message, code, name
 * Binds, steps until it is done, passing over rows, and resets. Without values it runs with what is
 * bound. */
static int run(lua_State *L)
{
    struct statement *statement = check_usable(L);
    int code = SQLITE_OK;
    if (lua_gettop(L) > 1)
        code = bind_all(L, statement);
    else
        reset(statement);
    if (code == SQLITE_OK) {
        do {
            code = sqlite3_step(statement->handle);
        } while (code == SQLITE_ROW);
        code = code == SQLITE_DONE ? SQLITE_OK : code;
    }
    int pushed = push_outcome(L, statement, code);
    reset(statement);
    sqlite3_clear_bindings(statement->handle);
    return pushed;
}

/* statement:close(). May be called again; collecting it does the same, and so does closing its
 * database. */
static int close_statement(lua_State *L)
{
    struct statement *statement = check_statement(L);
    /* In a child of the opener nothing is freed; see database.c. */
    if (statement->handle != NULL && statement->database->handle != NULL &&
        !kenar_database_is_foreign(statement->database))
        sqlite3_finalize(statement->handle);
    statement->handle = NULL;
    return 0;
}

/* Its SQL may hold values. */
static int to_string(lua_State *L)
{
    const struct statement *statement = check_statement(L);
    bool is_open = statement->handle != NULL && statement->database->handle != NULL;
    lua_pushfstring(L, STATEMENT " (%s)", is_open ? "open" : "closed");
    return 1;
}

static const luaL_Reg methods[] = {
    /* values in */
    {"bind", bind},
    {"bind_blob", bind_blob},
    /* and out */
    {"step", step},
    {"values", values},
    {"run", run},
    /* the end */
    {"reset", reset_statement},
    {"close", close_statement},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", close_statement},
    {"__close", close_statement},
    {"__tostring", to_string},
    {NULL, NULL},
};

void kenar_statement_open(lua_State *L)
{
    luaL_newmetatable(L, STATEMENT);
    luaL_setfuncs(L, metamethods, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, STATEMENT);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
