/* The message encoder of kenar.core. Needs lua.h. */
#ifndef KENAR_MESSAGE_H
#define KENAR_MESSAGE_H

#include "compat.h"

/* Add message_encoder to the module table on top of the stack. */
void kenar_message_open(lua_State *L);

#endif
