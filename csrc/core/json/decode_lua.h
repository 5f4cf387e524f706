/* Decodes JSON bytes to Lua values. Needs lua.h. */
#ifndef KENAR_JSON_DECODE_LUA_H
#define KENAR_JSON_DECODE_LUA_H

#include "compat.h"

/* Pushes decode(bytes [, max_bytes [, max_depth]]) -> value | nil, message, offset (from 1).
 * `array_mt` is the stack index of the metatable for decoded arrays. */
void kenar_json_push_decoder(lua_State *L, int array_mt);

#endif
