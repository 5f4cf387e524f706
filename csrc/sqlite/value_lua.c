#include "value_lua.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* The largest number up to which a double holds every whole number. */
#define EXACT_MAX INT64_C(9007199254740992)

static int bind_number(lua_State *L, int index, sqlite3_stmt *handle, int parameter)
{
    double number = lua_tonumber(L, index);
    if (lua_isinteger(L, index))
        return sqlite3_bind_int64(handle, parameter, (sqlite3_int64)lua_tointeger(L, index));
    /* SQLite would store NULL without an error. */
    luaL_argcheck(L, !isnan(number), index, "NaN cannot be stored");
    if (!KENAR_HAS_INTEGERS && number == floor(number) && fabs(number) <= (double)EXACT_MAX)
        return sqlite3_bind_int64(handle, parameter, (sqlite3_int64)number);
    return sqlite3_bind_double(handle, parameter, number);
}

int kenar_value_bind(lua_State *L, int index, sqlite3_stmt *handle, int parameter)
{
    size_t length;
    const char *text;
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        return sqlite3_bind_null(handle, parameter);
    case LUA_TBOOLEAN:
        return sqlite3_bind_int(handle, parameter, lua_toboolean(L, index));
    case LUA_TNUMBER:
        return bind_number(L, index, handle, parameter);
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &length);
        return sqlite3_bind_text64(handle, parameter, text, length, SQLITE_TRANSIENT, SQLITE_UTF8);
    default:
        luaL_argerror(L, index, "expected nil, a boolean, a number or a string");
        return SQLITE_MISUSE;
    }
}

static void push_integer(lua_State *L, sqlite3_int64 integer)
{
    char digits[32];
    if (KENAR_HAS_INTEGERS) {
        lua_pushinteger(L, (lua_Integer)integer);
    } else if (integer >= -EXACT_MAX && integer <= EXACT_MAX) {
        lua_pushnumber(L, (lua_Number)integer);
    } else {
        snprintf(digits, sizeof digits, "%" PRId64, (int64_t)integer);
        lua_pushstring(L, digits);
    }
}

void kenar_value_push(lua_State *L, sqlite3_stmt *handle, int column)
{
    int type = sqlite3_column_type(handle, column);
    const void *bytes;
    int length;
    switch (type) {
    case SQLITE_INTEGER:
        push_integer(L, sqlite3_column_int64(handle, column));
        break;
    case SQLITE_FLOAT:
        lua_pushnumber(L, sqlite3_column_double(handle, column));
        break;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        bytes = type == SQLITE_TEXT ? (const void *)sqlite3_column_text(handle, column)
                                    : sqlite3_column_blob(handle, column);
        length = sqlite3_column_bytes(handle, column);
        /* An empty blob is NULL. */
        if (bytes == NULL && (length > 0 || type == SQLITE_TEXT))
            luaL_error(L, "out of memory");
        lua_pushlstring(L, bytes != NULL ? bytes : "", (size_t)length);
        break;
    default:
        lua_pushnil(L);
    }
}
