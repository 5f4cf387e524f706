/* Functions of Lua 5.4 that LuaJIT lacks or names differently. The other files are written for Lua
 * 5.4. */
#ifndef KENAR_SQLITE_COMPAT_H
#define KENAR_SQLITE_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 502
#define lua_newuserdatauv(L, size, values) lua_newuserdata(L, size)
/* On LuaJIT the environment serves as the only user value. It must be a table. */
#define lua_setiuservalue(L, index, n) lua_setfenv(L, index)
#endif

#if LUA_VERSION_NUM >= 503
#define KENAR_HAS_INTEGERS 1
#else
#define KENAR_HAS_INTEGERS 0
#define lua_isinteger(L, index) ((void)(L), (void)(index), 0)
#endif

#endif
