#ifndef KENAR_JSON_CODEC_H
#define KENAR_JSON_CODEC_H

#include "compat.h"

/* Add `codec` and `null` to the module table on the top of the stack. */
void kenar_json_codec_open(lua_State *L);

#endif
