/* kenar.httpd: an HTTP server that runs on somebody's loop. */
#include "server_lua.h"

#include <lauxlib.h>

static const luaL_Reg functions[] = {
    {"server", server_lua_new},
    {NULL, NULL},
};

__attribute__((visibility("default"))) int luaopen_kenar_httpd(lua_State *L)
{
    server_lua_open(L);
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    return 1;
}
