/* What Lua 5.4 has and LuaJIT spells differently. The rest is written in 5.4 style. */
#ifndef KENAR_CURL_COMPAT_H
#define KENAR_CURL_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#define lua_newuserdatauv(L, size, values) lua_newuserdata(L, size)
/* The one user value, always a table here, is the environment. */
#define lua_getiuservalue(L, index, n) lua_getfenv(L, index)
#define lua_setiuservalue(L, index, n) lua_setfenv(L, index)
#endif

#endif
