/* Folders, for Lua. Needs lua.h. */
#ifndef KENAR_FOLDER_H
#define KENAR_FOLDER_H

#include "compat.h"

/* Add make_folder and list_folder to the module table on top of the stack. */
void kenar_folder_open(lua_State *L);

#endif
