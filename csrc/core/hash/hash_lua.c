#include "class.h"
#include "core.h"
#include "hash/secret.h"
#include "hash/sha256.h"

#include <errno.h>
#include <string.h>

/* equal(given, kept) -> boolean
 * Takes constant time. False unless both are strings. */
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
    /* Userdata, so that the collector frees it if a later line raises. */
    char *bytes = lua_newuserdatauv(L, count > 0 ? (size_t)count : 1, 0);
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

static const luaL_Reg functions[] = {
    {"equal", equal},
    {"random_bytes", random_bytes},
    {"sha256", sha256},
    {NULL, NULL},
};

void kenar_hash_open(lua_State *L)
{
    kenar_functions_open(L, functions);
}
