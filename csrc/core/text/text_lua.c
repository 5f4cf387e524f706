#include "core.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hash/secret.h"
#include "hash/sha256.h"
#include "text/base64.h"
#include "text/percent.h"
#include "text/trim.h"
#include "text/utf8.h"

/* Userdata is the scratch: a raise at any later line leaves it to the collector. */
static char *scratch(lua_State *L, size_t size)
{
    return lua_newuserdatauv(L, size > 0 ? size : 1, 0);
}

/* utf8_valid(bytes) -> true | false, offset of the first byte that is not (from 1) */
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

/* The text at index 1 from `start` to `end`, as the string that it is when nothing is left out. */
static int push_piece(lua_State *L, size_t start, size_t end)
{
    size_t length;
    const char *text = lua_tolstring(L, 1, &length);
    if (start == 0 && end == length)
        lua_pushvalue(L, 1);
    else
        lua_pushlstring(L, text + start, end - start);
    return 1;
}

/* trim(text) -> text without white space at its ends, in one pass whatever the text is */
static int trim(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    const size_t end = kenar_trimmed_length(text, length);
    return push_piece(L, kenar_leading_space(text, end), end);
}

/* trim_end(text) -> text without white space at its end */
static int trim_end(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    return push_piece(L, 0, kenar_trimmed_length(text, length));
}

/* equal(given, kept) -> boolean, in constant time; anything but two strings is not equal */
static int equal(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING || lua_type(L, 2) != LUA_TSTRING) {
        lua_pushboolean(L, 0);
        return 1;
    }
    size_t given_length, kept_length;
    const char *given = lua_tolstring(L, 1, &given_length);
    const char *kept = lua_tolstring(L, 2, &kept_length);
    lua_pushboolean(L, kenar_secret_equal(given, given_length, kept, kept_length));
    return 1;
}

/* random_bytes(count) -> bytes | nil, message */
static int random_bytes(lua_State *L)
{
    lua_Integer count = luaL_checkinteger(L, 1);
    luaL_argcheck(L, count >= 0 && count <= 65536, 1, "expected 0 to 65536");
    char *bytes = scratch(L, (size_t)count);
    if (!kenar_secret_random(bytes, (size_t)count)) {
        lua_pushnil(L);
        lua_pushstring(L, strerror(errno));
        return 2;
    }
    lua_pushlstring(L, bytes, (size_t)count);
    return 1;
}

/* sha256(bytes) -> 32 bytes */
static int sha256(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    unsigned char digest[KENAR_SHA256_LENGTH];
    kenar_sha256(bytes, length, digest);
    lua_pushlstring(L, (const char *)digest, sizeof digest);
    return 1;
}

/* percent_encode(bytes) -> text */
static int percent_encode(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length < SIZE_MAX / 3, 1, "too long");
    /* Most ids have nothing to encode, and go back as the string they are. */
    if (kenar_percent_is_plain(bytes, length)) {
        lua_pushvalue(L, 1);
        return 1;
    }
    char *out = scratch(L, length * 3);
    lua_pushlstring(L, out, kenar_percent_encode(bytes, length, out));
    return 1;
}

/* percent_decode(text) -> bytes | nil */
static int percent_decode(lua_State *L)
{
    size_t length, out_length;
    const char *text = luaL_checklstring(L, 1, &length);
    char *out = scratch(L, length);
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
    char *out = scratch(L, out_length);
    kenar_base64_encode(bytes, length, for_urls, out);
    lua_pushlstring(L, out, out_length);
    return 1;
}

/* base64_decode(text) -> bytes | nil */
static int base64_decode(lua_State *L)
{
    size_t length, out_length;
    const char *text = luaL_checklstring(L, 1, &length);
    char *out = scratch(L, length);
    if (kenar_base64_decode(text, length, out, &out_length))
        lua_pushlstring(L, out, out_length);
    else
        lua_pushnil(L);
    return 1;
}

static const luaL_Reg functions[] = {
    /* text */
    {"utf8_valid", utf8_valid},
    {"trim", trim},
    {"trim_end", trim_end},
    {"percent_encode", percent_encode},
    {"percent_decode", percent_decode},
    {"base64_encode", base64_encode},
    {"base64_decode", base64_decode},
    /* secrets */
    {"equal", equal},
    {"random_bytes", random_bytes},
    {"sha256", sha256},
    {NULL, NULL},
};

void kenar_text_open(lua_State *L)
{
    for (const luaL_Reg *row = functions; row->name != NULL; row++) {
        lua_pushcfunction(L, row->func);
        lua_setfield(L, -2, row->name);
    }
}
