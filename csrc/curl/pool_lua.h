/* Functions that the Lua bindings share. */
#ifndef KENAR_CURL_POOL_LUA_H
#define KENAR_CURL_POOL_LUA_H

#include "compat.h"
#include "header_list.h"
#include "pool.h"

/* Each adds its functions to the module table on top of the stack. */
void kenar_headers_open(lua_State *L);
void kenar_pool_class_open(lua_State *L);
void kenar_response_open(lua_State *L);

/* Pushes a value that keeps the result alive. The value at `index` is a list from curl.headers, a
 * map or nil; a map or nil makes a new list. If a header is refused, the result is NULL and the
 * pushed value is a message. */
struct kenar_header_list *kenar_headers_push(lua_State *L, int index);

/* Fills `transfer` from the request at `index` and the header list (or nil) at `headers`. The value
 * on top of the stack must outlive the transfer. False, with a message on top, if a file or header
 * cannot be sent or the URL is refused. Raises if a field has the wrong type. */
bool kenar_request_read(lua_State *L, int index, int headers, struct kenar_transfer *transfer,
                        bool insecure_http);

/* Pushes status, header lines and body of a successful transfer. Returns 3. */
int kenar_response_push(lua_State *L, struct kenar_transfer *transfer);

#endif
