/* What the files that know Lua share. */
#ifndef KENAR_CURL_POOL_LUA_H
#define KENAR_CURL_POOL_LUA_H

#include "compat.h"
#include "header_list.h"
#include "pool.h"

/* Each adds its functions to the module's table on top of the stack. */
void kenar_headers_open(lua_State *L);
void kenar_pool_class_open(lua_State *L);
void kenar_response_open(lua_State *L);

/* The header list at `index`: one from curl.headers, or a map or nil that is compiled now. Leaves
 * exactly one value on the stack, which keeps the list alive; NULL with a message there instead
 * when a header cannot be sent. */
struct kenar_header_list *kenar_headers_push(lua_State *L, int index);

/* Fills `transfer` from the request at `index` and the header list (or nil) at `headers`. Leaves on
 * the stack what must outlive the transfer. False with a message there instead when the world is at
 * fault; raises when the caller is. */
bool kenar_request_read(lua_State *L, int index, int headers, struct kenar_transfer *transfer,
                        bool insecure_http);

/* Pushes status, header lines and body of a transfer that ended well. */
int kenar_response_push(lua_State *L, struct kenar_transfer *transfer);

#endif
