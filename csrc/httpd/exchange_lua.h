/* A request as a Lua table, and an answer from Lua values. */
#ifndef KENAR_HTTPD_EXCHANGE_LUA_H
#define KENAR_HTTPD_EXCHANGE_LUA_H

#include "server.h"

#include <lua.h>

/* How many upvalues a function that calls exchange_lua_push_request must have, and how to push
 * them. */
enum { REQUEST_KEYS = 7 };
void exchange_lua_push_keys(lua_State *L);

/* Push the request that a connection waits with. */
void exchange_lua_push_request(lua_State *L, const struct connection *connection);

/* Begin the server's draft with the argument headers, given by its place on the stack; raises what
 * is wrong with it. */
void exchange_lua_check_draft(lua_State *L, struct server *server, int headers);

/* The response that the arguments headers, body and options of server:respond describe, given by
 * their places on the stack; raises what is wrong with them. The caller holds it. */
struct response *exchange_lua_check_response(lua_State *L, struct server *server, int headers,
                                             int body, int options);

#endif
