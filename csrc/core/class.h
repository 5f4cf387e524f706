/* The metatable of a kind of userdata. */
#ifndef KENAR_CLASS_H
#define KENAR_CLASS_H

#include "compat.h"

/* Make the metatable `name` with these methods, which is its own __index, unless it is there. */
static inline void kenar_class_open(lua_State *L, const char *name, const luaL_Reg *methods)
{
    if (luaL_newmetatable(L, name)) {
        for (const luaL_Reg *row = methods; row->name != NULL; row++) {
            lua_pushcfunction(L, row->func);
            lua_setfield(L, -2, row->name);
        }
        lua_pushvalue(L, -1);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
}

#endif
