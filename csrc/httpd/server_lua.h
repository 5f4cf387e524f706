/* A server as Lua sees it. */
#ifndef KENAR_HTTPD_SERVER_LUA_H
#define KENAR_HTTPD_SERVER_LUA_H

#include <lua.h>

/* Adds `server` to the module's table on top of the stack. */
void kenar_server_class_open(lua_State *L);

#endif
