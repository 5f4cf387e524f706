/* Functions of Lua 5.4 that LuaJIT lacks or names differently. The other files are written for Lua
 * 5.4. */
#ifndef KENAR_CURL_COMPAT_H
#define KENAR_CURL_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#define lua_newuserdatauv(L, size, values) lua_newuserdata(L, size)
/* On LuaJIT the environment serves as the only user value. It must be a table. */
#define lua_getiuservalue(L, index, n) lua_getfenv(L, index)
#define lua_setiuservalue(L, index, n) lua_setfenv(L, index)
#endif

#endif
