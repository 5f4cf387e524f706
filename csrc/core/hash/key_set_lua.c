#include "core.h"

#include "class.h"
#include "hash/key_set.h"
#include "hash/secret.h"

#include <errno.h>
#include <string.h>

#define METATABLE "kenar.key_set"

static struct kenar_key_set *check_set(lua_State *L)
{
    return luaL_checkudata(L, 1, METATABLE);
}

/* key_set() -> set | nil, message */
static int new_key_set(lua_State *L)
{
    struct kenar_key_set *set = lua_newuserdatauv(L, sizeof *set, 0);
    memset(set, 0, sizeof *set);
    luaL_getmetatable(L, METATABLE);
    lua_setmetatable(L, -2);
    if (!kenar_secret_random((char *)set->secret, sizeof set->secret)) {
        lua_pushnil(L);
        lua_pushstring(L, strerror(errno));
        return 2;
    }
    return 1;
}

static int push_state(lua_State *L, int state)
{
    if (state < 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, state);
    return 1;
}

/* set:put(key, state) -> earlier state | nil if the key is new
 * States are 0 to 7. */
static int set_put(lua_State *L)
{
    size_t length;
    int previous;
    struct kenar_key_set *set = check_set(L);
    const char *key = luaL_checklstring(L, 2, &length);
    lua_Integer state = luaL_checkinteger(L, 3);
    luaL_argcheck(L, state >= 0 && state < KENAR_KEY_STATES, 3, "expected a state, 0 to 7");
    if (!kenar_key_set_put(set, key, length, (int)state, &previous))
        return luaL_error(L, "not enough memory");
    return push_state(L, previous);
}

/* set:get(key) -> state | nil */
static int set_get(lua_State *L)
{
    size_t length;
    const struct kenar_key_set *set = check_set(L);
    const char *key = luaL_checklstring(L, 2, &length);
    return push_state(L, kenar_key_set_get(set, key, length));
}

/* set:count() -> number of keys */
static int set_count(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_set(L)->count);
    return 1;
}

/* set:bytes() -> memory of the keys in bytes
 * Lua's collector does not count this memory. */
static int set_bytes(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)kenar_key_set_bytes(check_set(L)));
    return 1;
}

/* set:close()
 * Removes all keys and frees their memory. */
static int set_close(lua_State *L)
{
    kenar_key_set_free(check_set(L));
    return 0;
}

static int to_string(lua_State *L)
{
    lua_pushfstring(L, METATABLE ": %d keys", (int)check_set(L)->count);
    return 1;
}

static const luaL_Reg methods[] = {
    {"put", set_put},       {"get", set_get},          {"count", set_count},
    {"bytes", set_bytes},   {"close", set_close},      {"__gc", set_close},
    {"__close", set_close}, {"__tostring", to_string}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"key_set", new_key_set},
    {NULL, NULL},
};

void kenar_key_set_open(lua_State *L)
{
    kenar_class_open(L, METATABLE, methods);
    kenar_functions_open(L, functions);
}
