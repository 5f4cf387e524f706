/* Registers the functions of a module and the metatables of userdata. */
#ifndef KENAR_CLASS_H
#define KENAR_CLASS_H

#include "compat.h"

/* Sets the functions in the table on top of the stack. `functions` ends with a NULL name. */
static inline void kenar_functions_open(lua_State *L, const luaL_Reg *functions)
{
    for (const luaL_Reg *row = functions; row->name != NULL; row++) {
        lua_pushcfunction(L, row->func);
        lua_setfield(L, -2, row->name);
    }
}

/* Makes the metatable `name` with these methods unless it exists. It is its own __index. Leaves the
 * stack as it was. */
static inline void kenar_class_open(lua_State *L, const char *name, const luaL_Reg *methods)
{
    if (luaL_newmetatable(L, name)) {
        kenar_functions_open(L, methods);
        lua_pushvalue(L, -1);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
}

#endif
