/* The options of httpd.server. */
#ifndef KENAR_HTTPD_OPTIONS_LUA_H
#define KENAR_HTTPD_OPTIONS_LUA_H

#include "options.h"

#include <lua.h>

/* Read the table at `index` over the defaults; raises for an option that is unknown or makes no
 * sense. The strings belong to the table. */
void kenar_options_read(lua_State *L, int index, struct kenar_server_options *options);

#endif
