/* Functions of Lua 5.4's C interface that LuaJIT lacks. The other files are written for Lua 5.4. */
#ifndef KENAR_COMPAT_H
#define KENAR_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

/* Exports a function. Other symbols are hidden (-fvisibility=hidden). */
#define KENAR_EXPORT __attribute__((visibility("default")))

#if LUA_VERSION_NUM < 502
#define lua_rawlen(L, index) lua_objlen((L), (index))
#define lua_absindex(L, index)                                                                     \
    ((index) > 0 || (index) <= LUA_REGISTRYINDEX ? (index) : lua_gettop(L) + 1 + (index))
#define lua_newuserdatauv(L, size, values) lua_newuserdata((L), (size))
#endif

#if LUA_VERSION_NUM >= 503
#define KENAR_HAS_INTEGERS 1
#else
#define KENAR_HAS_INTEGERS 0
#define lua_isinteger(L, index) ((void)(L), (void)(index), 0)
#endif

#endif
