/* kenar.httpd: an HTTP server that runs on somebody's loop. */
#include "server_lua.h"

#include <microhttpd.h>

/* The loader of the module `kenar.httpd`: { server = fn, version = "0.9.75" }. */
__attribute__((visibility("default"))) int luaopen_kenar_httpd(lua_State *L)
{
    lua_createtable(L, 0, 2);
    kenar_server_class_open(L);
    /* libmicrohttpd's, as it is loaded */
    lua_pushstring(L, MHD_get_version());
    lua_setfield(L, -2, "version");
    return 1;
}
