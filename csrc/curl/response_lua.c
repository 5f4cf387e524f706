#include "handle.h"
#include "pool_lua.h"

static void push_lower(lua_State *L, const char *name, size_t length)
{
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        luaL_addchar(&buffer, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
    }
    luaL_pushresult(&buffer);
}

/* curl.read_headers(lines) -> map with lower-case names
 * Values of a repeated name are joined by ", " in their order. */
static int read_headers(lua_State *L)
{
    size_t length;
    size_t cursor = 0;
    const char *lines = luaL_checklstring(L, 1, &length);
    struct kenar_header_field field;
    lua_newtable(L);
    while (kenar_response_next_field(lines, length, &cursor, &field)) {
        push_lower(L, field.name, field.name_length);
        lua_pushvalue(L, -1);
        lua_rawget(L, -3); /* table, name, earlier value or nil */
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_pushlstring(L, field.value, field.value_length);
        } else {
            lua_pushliteral(L, ", ");
            lua_pushlstring(L, field.value, field.value_length);
            lua_concat(L, 3);
        }
        lua_rawset(L, -3);
    }
    return 1;
}

static void push_bytes(lua_State *L, const struct kenar_bytes *bytes)
{
    lua_pushlstring(L, bytes->data != NULL ? bytes->data : "", bytes->length);
}

int kenar_response_push(lua_State *L, struct kenar_transfer *transfer)
{
    lua_pushinteger(L, (lua_Integer)transfer->status);
    push_bytes(L, &transfer->handle->response.headers);
    push_bytes(L, &transfer->handle->response.body);
    return 3;
}

static const luaL_Reg functions[] = {
    {"read_headers", read_headers},
    {NULL, NULL},
};

void kenar_response_open(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
