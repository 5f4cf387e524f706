/* Signals as a file descriptor that a loop can watch. Needs lua.h. */
#ifndef KENAR_SIGNALS_H
#define KENAR_SIGNALS_H

#include "compat.h"

/* Add signals to the module table on top of the stack. */
void kenar_signals_open(lua_State *L);

#endif
