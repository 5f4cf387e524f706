/* A request as a Lua table, and an answer from Lua values. */
#ifndef KENAR_HTTPD_EXCHANGE_LUA_H
#define KENAR_HTTPD_EXCHANGE_LUA_H

#include "connection.h"

#include <lua.h>

/* How many upvalues a function that calls kenar_exchange_push_request must have, and how to push
 * them. */
enum { KENAR_REQUEST_KEYS = 7 };
void kenar_exchange_push_keys(lua_State *L);

/* Push the request that a connection waits with. */
void kenar_exchange_push_request(lua_State *L, const struct kenar_connection *connection);

/* Begin the draft with the argument headers, given by its place on the stack; raises what is wrong
 * with it. `close`: the answer ends its connection. */
void kenar_exchange_check_draft(lua_State *L, int headers, struct kenar_draft *draft, bool close);

/* The response that the arguments headers, body and options of server:respond describe; `headers`
 * is the place of the first on the stack. Raises what is wrong with them. The caller holds it. */
struct kenar_response *kenar_exchange_check_response(lua_State *L, int headers,
                                                     struct kenar_draft *draft,
                                                     struct kenar_response_cache *cache,
                                                     bool close);

#endif
