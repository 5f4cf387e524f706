#include "class.h"
#include "core.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "text/base64.h"
#include "text/percent.h"
#include "text/trim.h"
#include "text/utf8.h"

/* Userdata as temporary memory, so that the collector frees it if a later line raises. */
static char *new_temporary(lua_State *L, size_t size)
{
    return lua_newuserdatauv(L, size > 0 ? size : 1, 0);
}

/* utf8_valid(bytes) -> true | false, offset of the first invalid byte (from 1) */
static int utf8_valid(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    size_t valid = kenar_utf8_valid_prefix(bytes, length);
    lua_pushboolean(L, valid == length);
    if (valid == length)
        return 1;
    lua_pushinteger(L, (lua_Integer)valid + 1);
    return 2;
}

/* Pushes the bytes of the string at index 1 from `start` to `end`; the string itself if these are
 * all its bytes. */
static int push_range(lua_State *L, size_t start, size_t end)
{
    size_t length;
    const char *text = lua_tolstring(L, 1, &length);
    if (start == 0 && end == length)
        lua_pushvalue(L, 1);
    else
        lua_pushlstring(L, text + start, end - start);
    return 1;
}

/* trim(text) -> text without white space at its ends
 * Takes one pass for any text. */
static int trim(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    const size_t end = kenar_trimmed_length(text, length);
    return push_range(L, kenar_leading_space(text, end), end);
}

/* trim_end(text) -> text without white space at its end */
static int trim_end(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    return push_range(L, 0, kenar_trimmed_length(text, length));
}

/* percent_encode(bytes) -> text */
static int percent_encode(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length < SIZE_MAX / 3, 1, "too long");
    /* Most ids need no encoding, so the same string is returned. */
    if (kenar_percent_is_plain(bytes, length)) {
        lua_pushvalue(L, 1);
        return 1;
    }
    char *out = new_temporary(L, length * 3);
    lua_pushlstring(L, out, kenar_percent_encode(bytes, length, out));
    return 1;
}

/* percent_decode(text) -> bytes | nil */
static int percent_decode(lua_State *L)
{
    size_t length, out_length;
    const char *text = luaL_checklstring(L, 1, &length);
    char *out = new_temporary(L, length);
    if (kenar_percent_decode(text, length, out, &out_length))
        lua_pushlstring(L, out, out_length);
    else
        lua_pushnil(L);
    return 1;
}

/* base64_encode(bytes [, for_urls]) -> text */
static int base64_encode(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length < SIZE_MAX / 2, 1, "too long");
    bool for_urls = lua_toboolean(L, 2);
    size_t out_length = kenar_base64_encoded_length(length);
    char *out = new_temporary(L, out_length);
    kenar_base64_encode(bytes, length, for_urls, out);
    lua_pushlstring(L, out, out_length);
    return 1;
}

/* base64_decode(text) -> bytes | nil */
static int base64_decode(lua_State *L)
{
    size_t length, out_length;
    const char *text = luaL_checklstring(L, 1, &length);
    char *out = new_temporary(L, length);
    if (kenar_base64_decode(text, length, out, &out_length))
        lua_pushlstring(L, out, out_length);
    else
        lua_pushnil(L);
    return 1;
}

static const luaL_Reg functions[] = {
    {"utf8_valid", utf8_valid},
    {"trim", trim},
    {"trim_end", trim_end},
    {"percent_encode", percent_encode},
    {"percent_decode", percent_decode},
    {"base64_encode", base64_encode},
    {"base64_decode", base64_decode},
    {NULL, NULL},
};

void kenar_text_open(lua_State *L)
{
    kenar_functions_open(L, functions);
}
