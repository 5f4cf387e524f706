/* The terminal that a person sits at. Needs lua.h. */
#ifndef KENAR_TERMINAL_H
#define KENAR_TERMINAL_H

#include "compat.h"

/* Add is_terminal, terminal_width and read_input to the module table on top of the stack. */
void kenar_terminal_open(lua_State *L);

#endif
