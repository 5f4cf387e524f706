/* The reader of HTTP answers for Lua. Needs lua.h. */
#ifndef KENAR_HTTP_RESPONSE_LUA_H
#define KENAR_HTTP_RESPONSE_LUA_H

#include "compat.h"

/* Add http_response to the module table on top of the stack. */
void kenar_http_response_open(lua_State *L);

#endif
