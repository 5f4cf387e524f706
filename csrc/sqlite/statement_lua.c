#include "statement_lua.h"

#include "result_lua.h"
#include "value_lua.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define STATEMENT "kenar.sqlite.statement"

/* The user value is a table with the database's userdata, which keeps the database alive. */
struct statement {
    struct kenar_database *database;
    sqlite3_stmt
        *handle; /* invalid after the database is closed; NULL if the statement is closed */
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
    luaL_argcheck(L, strlen(sql) == length && length < INT_MAX, 2, "the SQL contains a NUL");

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
    luaL_argcheck(L, statement->handle != NULL, 2, "the SQL contains no statement");
    luaL_argcheck(L, is_blank(rest), 2,
                  "the SQL contains more than one statement: use database:exec");
    return 1;
}

static void reset(struct statement *statement)
{
    statement->has_row = false;
    /* The result repeats the code of the last step, which was returned already. */
    sqlite3_reset(statement->handle);
}

/* Binds the arguments after the statement to all parameters. */
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
 * Binds all parameters. nil is NULL, a boolean 0 or 1, a string TEXT. On Lua 5.4 integers are
 * INTEGER and floats REAL. On LuaJIT whole numbers up to 2^53 are INTEGER and other numbers REAL; a
 * larger integer is given as a string of digits, which SQLite converts if the column is INTEGER.
 * Raises for NaN. */
static int bind(lua_State *L)
{
    struct statement *statement = check_usable(L);
    return push_outcome(L, statement, bind_all(L, statement));
}

/* statement:bind_blob(parameter, bytes) -> true | nil, message, code, name
 * Binds one parameter, counted from 1. The others keep their values. */
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
 * A statement that reads holds its snapshot until it is done or reset. */
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

/* statement:values() -> columns of the current row
 * NULL is nil; TEXT and BLOB are strings. On LuaJIT an INTEGER beyond 2^53 or -2^53 is a string of
 * digits, because a number would be rounded. Raises if there is no row. */
static int values(lua_State *L)
{
    struct statement *statement = check_usable(L);
    if (!statement->has_row)
        return luaL_error(L, "there is no row: call step until it returns \"row\"");
    int columns = sqlite3_data_count(statement->handle);
    luaL_checkstack(L, columns, "too many columns");
    for (int i = 0; i < columns; i++)
        kenar_value_push(L, statement->handle, i);
    return columns;
}

/* statement:reset() -> true
 * Prepares the statement for another run and clears its parameters. */
static int reset_statement(lua_State *L)
{
    struct statement *statement = check_usable(L);
    reset(statement);
    sqlite3_clear_bindings(statement->handle);
    lua_pushboolean(L, 1);
    return 1;
}

/* statement:run(value, ...) -> true | nil, message, code, name
 * Binds the values, steps to the end, ignores rows, and resets. Without values it uses the bound
 * parameters. */
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

/* statement:close()
 * May be called again. Collecting the statement or closing its database does the same. */
static int close_statement(lua_State *L)
{
    struct statement *statement = check_statement(L);
    /* The child of a fork frees nothing; see database_lua.c. */
    if (statement->handle != NULL && statement->database->handle != NULL &&
        !kenar_database_is_foreign(statement->database))
        sqlite3_finalize(statement->handle);
    statement->handle = NULL;
    return 0;
}

/* Does not show the SQL, because it may contain values. */
static int to_string(lua_State *L)
{
    const struct statement *statement = check_statement(L);
    bool is_open = statement->handle != NULL && statement->database->handle != NULL;
    lua_pushfstring(L, STATEMENT " (%s)", is_open ? "open" : "closed");
    return 1;
}

static const luaL_Reg methods[] = {
    /* parameters */
    {"bind", bind},
    {"bind_blob", bind_blob},
    /* execution */
    {"step", step},
    {"values", values},
    {"run", run},
    /* end */
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
