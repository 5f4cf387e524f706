/* Encodes Lua values to JSON bytes. Needs lua.h.
 *
 * An encoding closure has the two values of kenar_json_encoder_push as upvalues 1 and 2:
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

/* Addresses from lua_topointer that identify arrays. NULL if there is no such convention. */
struct kenar_json_conventions {
    const void *array_mt;       /* a table with this metatable is an array, even if empty */
    const void *empty_array_mt; /* an empty table with this metatable is `[]` */
    const void *empty_array;    /* this value is `[]` */
};

struct kenar_json_encoder {
    struct kenar_buffer buffer; /* reused by the next call */
    struct kenar_json_conventions conventions;
    bool busy; /* set during a call. A finalizer may encode within that call; it uses an encoder of
                  its own */
};

/* Pushes an encoder and a table that keeps its conventions alive, for upvalues 1 and 2 of a
 * closure. The table at `index` is { array_mt = t, empty_array_mt = t|nil, empty_array = v|nil }.
 * Raises if it has another form. */
void kenar_json_encoder_push(lua_State *L, int index);

/* Returns the encoder of the running closure with an empty buffer. Pushes one value, which must
 * stay on the stack until the call ends. */
struct kenar_json_encoder *kenar_json_encoder_begin(lua_State *L);

/* Pushes the encoded bytes and returns 1. */
int kenar_json_encoder_finish(lua_State *L, struct kenar_json_encoder *encoder);

/* Pushes nil, message and path, and returns 3. Raises if memory was short. */
int kenar_json_encoder_fail(lua_State *L, struct kenar_json_encoder *encoder,
                            const struct kenar_fault *fault);

/* Appends the value at `index`. Runs no Lua code, because metamethods are ignored. Leaves the
 * stack unchanged, even on failure; `fault->path` is then relative to the value. Clears the
 * fault first. */
bool kenar_json_encode_value(lua_State *L, int index, struct kenar_buffer *buffer,
                             const struct kenar_json_conventions *conventions,
                             struct kenar_fault *fault);

#endif
