#include "pool_lua.h"

#define HEADERS "kenar.headers"

/* Pushes a userdata that owns an empty list. */
static struct kenar_header_list *push_list(lua_State *L)
{
    struct kenar_header_list **self = lua_newuserdatauv(L, sizeof *self, 0);
    *self = NULL;
    luaL_getmetatable(L, HEADERS);
    lua_setmetatable(L, -2);
    *self = kenar_header_list_new();
    if (*self == NULL) {
        luaL_error(L, "out of memory");
    }
    return *self;
}

/* Adds the headers of the map at `index`. If a header is refused, the result is false with a
 * message on top of the stack. */
static bool fill(lua_State *L, int index, struct kenar_header_list *list)
{
    lua_pushnil(L);
    while (lua_next(L, index)) { /* name, value */
        size_t name_length, value_length;
        const char *name, *value, *fault;
        if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1)) {
            luaL_error(L, "headers are a map of strings to strings");
        }
        name = lua_tolstring(L, -2, &name_length);
        value = lua_tolstring(L, -1, &value_length);
        if (!kenar_header_is_name(name, name_length)) {
            lua_pushliteral(L,
                            "a header name is empty or has a character that HTTP does not allow");
            return false;
        }
        fault = kenar_header_list_add(list, name, name_length, value, value_length);
        if (fault != NULL) {
            lua_pushfstring(L, "the header %s %s", name, fault);
            return false;
        }
        lua_pop(L, 1);
    }
    if (!kenar_header_list_finish(list)) {
        luaL_error(L, "out of memory");
    }
    return true;
}

struct kenar_header_list *kenar_headers_push(lua_State *L, int index)
{
    struct kenar_header_list **compiled = luaL_testudata(L, index, HEADERS);
    struct kenar_header_list *list;
    if (compiled != NULL && *compiled != NULL) {
        lua_pushvalue(L, index);
        return *compiled;
    }
    if (!lua_isnil(L, index) && !lua_istable(L, index)) {
        luaL_error(L, "headers are a map or a list from curl.headers, not a %s",
                   luaL_typename(L, index));
    }
    list = push_list(L);
    if (lua_isnil(L, index)) {
        if (!kenar_header_list_finish(list)) {
            luaL_error(L, "out of memory");
        }
        return list;
    }
    if (!fill(L, index, list)) {
        return NULL;
    }
    return list;
}

/* curl.headers(map) -> header list | nil, message
 * A list can be sent many times and by any pool. */
static int new_headers(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (kenar_headers_push(L, 1) == NULL) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    return 1;
}

static int free_headers(lua_State *L)
{
    struct kenar_header_list **self = luaL_checkudata(L, 1, HEADERS);
    kenar_header_list_release(*self);
    *self = NULL;
    return 0;
}

/* Shows only the number of headers, because values may be secrets. */
static int headers_to_string(lua_State *L)
{
    struct kenar_header_list **self = luaL_checkudata(L, 1, HEADERS);
    lua_pushfstring(L, HEADERS " (%d)", *self == NULL ? 0 : (int)(*self)->count);
    return 1;
}

static const luaL_Reg metamethods[] = {
    {"__gc", free_headers},
    {"__tostring", headers_to_string},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"headers", new_headers},
    {NULL, NULL},
};

void kenar_headers_open(lua_State *L)
{
    luaL_newmetatable(L, HEADERS);
    luaL_setfuncs(L, metamethods, 0);
    lua_pushliteral(L, HEADERS);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
    luaL_setfuncs(L, functions, 0);
}
