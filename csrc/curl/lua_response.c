#include "binding.h"
#include "channel.h"

/* Repeated fields are joined by ", ", in the order they came. */
static void push_headers(lua_State *L, struct kenar_response *response)
{
    struct kenar_header_field field;
    size_t cursor = 0;
    lua_createtable(L, 0, (int)response->fields); /* at most 128 KiB of lines */
    while (kenar_response_next_field(response, &cursor, &field)) {
        lua_pushlstring(L, field.name, field.name_length);
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
}

int kenar_response_push(lua_State *L, struct kenar_transfer *transfer)
{
    struct kenar_response *response = &transfer->channel->response;
    lua_pushinteger(L, (lua_Integer)transfer->status);
    push_headers(L, response);
    lua_pushlstring(L, response->body.data != NULL ? response->body.data : "",
                    response->body.length);
    return 3;
}
