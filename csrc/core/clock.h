/* The clocks. Needs lua.h. */
#ifndef KENAR_CLOCK_H
#define KENAR_CLOCK_H

#include "compat.h"

/* Add clock, now and cpu to the module table on top of the stack. */
void kenar_clock_open(lua_State *L);

#endif
