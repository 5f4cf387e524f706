/* The server as Lua sees it. */
#ifndef KENAR_HTTPD_SERVER_LUA_H
#define KENAR_HTTPD_SERVER_LUA_H

#include <lua.h>

/* Register the metatable; pushes nothing. */
void server_lua_open(lua_State *L);

/* httpd.server{...} */
int server_lua_new(lua_State *L);

#endif
