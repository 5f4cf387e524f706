/* Lua values to JSON bytes. Needs lua.h.
 *
 * A closure that encodes keeps two values of kenar_json_encoder_push as its upvalues 1 and 2, and
 * does
 *
 *     struct kenar_json_encoder *encoder = kenar_json_encoder_begin(L);
 *     struct kenar_fault fault;
 *     if (!kenar_json_encode_value(L, 1, &encoder->buffer, &encoder->conventions, &fault))
 *         return kenar_json_encoder_fail(L, encoder, &fault);
 *     return kenar_json_encoder_finish(L, encoder);
 */
#ifndef KENAR_JSON_ENCODE_LUA_H
#define KENAR_JSON_ENCODE_LUA_H

#include "compat.h"
#include "text/buffer.h"
#include "json/fault.h"

#include <stdbool.h>

/* Identities to compare with, as lua_topointer gives them; NULL where there is no such convention.
 */
struct kenar_json_conventions {
    const void *array_mt;       /* a table with this metatable is an array, also when it is empty */
    const void *empty_array_mt; /* an empty table with this metatable is `[]` */
    const void *empty_array;    /* this value is `[]` */
};

struct kenar_json_encoder {
    struct kenar_buffer buffer; /* reused from call to call */
    struct kenar_json_conventions conventions;
    bool busy; /* a finalizer that runs inside of a call may encode too: it gets a buffer of its own
                */
};

/* Push an encoder and a table that keeps its conventions alive: upvalues 1 and 2 of a closure.
 * `index` is a table { array_mt = t, empty_array_mt = t|nil, empty_array = v|nil }; raises when it
 * is not. */
void kenar_json_encoder_push(lua_State *L, int index);

/* The encoder of the running closure, its buffer empty. Pushes one value, which must stay on the
 * stack until the end of the call. */
struct kenar_json_encoder *kenar_json_encoder_begin(lua_State *L);

/* Push the bytes written and return 1. */
int kenar_json_encoder_finish(lua_State *L, struct kenar_json_encoder *encoder);

/* Push nil, the message and the path, and return 3; raises when memory was short. */
int kenar_json_encoder_fail(lua_State *L, struct kenar_json_encoder *encoder,
                            const struct kenar_fault *fault);

/* Append the value at `index`. Never runs Lua code: metamethods are not consulted. Leaves the Lua
 * stack as it was, also on failure; `fault->path` then is relative to the value. Clears the fault
 * first. */
bool kenar_json_encode_value(lua_State *L, int index, struct kenar_buffer *buffer,
                             const struct kenar_json_conventions *conventions,
                             struct kenar_fault *fault);

#endif
