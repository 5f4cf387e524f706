#include "class.h"
#include "core.h"

#include "json/decode_lua.h"
#include "json/encode_lua.h"

static int encode(lua_State *L)
{
    luaL_checkany(L, 1);
    struct kenar_json_encoder *encoder = kenar_json_encoder_begin(L);
    struct kenar_fault fault;
    if (!kenar_json_encode_value(L, 1, &encoder->buffer, &encoder->conventions, &fault))
        return kenar_json_encoder_fail(L, encoder, &fault);
    return kenar_json_encoder_finish(L, encoder);
}

/* codec { array_mt =, empty_array_mt =, empty_array = } -> { encode =, decode = } */
static int codec(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_createtable(L, 0, 2);
    kenar_json_encoder_push(L, 1);
    lua_pushcclosure(L, encode, 2);
    lua_setfield(L, -2, "encode");
    lua_getfield(L, 1, "array_mt");
    kenar_json_push_decoder(L, -1);
    lua_setfield(L, -3, "decode");
    lua_pop(L, 1);
    return 1;
}

static const luaL_Reg functions[] = {
    {"codec", codec},
    {NULL, NULL},
};

void kenar_json_codec_open(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    kenar_functions_open(L, functions);
}
