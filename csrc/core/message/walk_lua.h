/* What the parts of the message encoder share: the walk over the caller's table that checks it and
 * writes JSON in the same step. Needs lua.h.
 *
 * Tables are read raw, so no metamethod runs, and nothing is allocated on Lua's side: bytes of Lua
 * strings stay valid for as long as the message is on the stack. Every step returns false after it
 * has set the fault; the steps above then put their part of the path in front, and leave the stack
 * to the end of the call. */
#ifndef KENAR_MESSAGE_WALK_LUA_H
#define KENAR_MESSAGE_WALK_LUA_H

#include "compat.h"
#include "message/names_lua.h"
#include "message/options_lua.h"
#include "json/encode_lua.h"
#include "json/write.h"

#include <stdbool.h>
#include <stddef.h>

struct kenar_walk {
    lua_State *L;
    struct kenar_buffer *out;
    const struct kenar_json_conventions *conventions;
    const struct kenar_name_addresses *names;
    const struct kenar_message_options *options;
    struct kenar_fault *fault;
    bool captionless; /* a button without a caption has been written */
};

/* As kenar_name_find, and whether the key is one certain name. */
static inline enum kenar_name kenar_walk_name(const struct kenar_walk *walk, int at,
                                              struct kenar_names names)
{
    return kenar_name_find(walk->L, at, names, walk->names);
}

static inline bool kenar_walk_is_name(const struct kenar_walk *walk, int at, enum kenar_name name)
{
    return lua_topointer(walk->L, at) == walk->names->of[name];
}

/* As lua_tolstring, for a value known to be a string. */
static inline struct kenar_text kenar_text_at(lua_State *L, int at)
{
    struct kenar_text text;
    text.bytes = lua_tolstring(L, at, &text.length);
    return text;
}

/* Append a JSON string. */
bool kenar_walk_refuse_string(struct kenar_walk *walk, size_t bad_offset);
static inline bool kenar_walk_add_string(struct kenar_walk *walk, struct kenar_text text)
{
    size_t bad_offset;
    return kenar_json_write_string(walk->out, text.bytes, text.length, &bad_offset) ||
           kenar_walk_refuse_string(walk, bad_offset);
}

/* Append a literal that is JSON already. */
#define kenar_walk_add(walk, literal)                                                              \
    (kenar_buffer_add_literal((walk)->out, literal) || kenar_fault_no_memory((walk)->fault))

/* JSON of a table of data, in room of one size: copying all of it costs less than asking how much.
 */
struct kenar_piece {
    char json[64];
    size_t length;
};
#define KENAR_PIECE(literal)                                                                       \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static inline bool kenar_walk_add_piece(struct kenar_walk *walk, const struct kenar_piece *piece)
{
    if (!kenar_buffer_reserve(walk->out, sizeof piece->json))
        return kenar_fault_no_memory(walk->fault);
    memcpy(walk->out->data + walk->out->length, piece->json, sizeof piece->json);
    walk->out->length += piece->length;
    return true;
}

/* The type's name for an error: as Lua's, with "null" for JSON's null. */
const char *kenar_walk_type_name(lua_State *L, int at);

/* Read the value on top of the stack; when it is no string: `<name> must be a string`. */
bool kenar_walk_refuse_type(struct kenar_walk *walk, enum kenar_name name, const char *wanted);
static inline bool kenar_walk_read_string(struct kenar_walk *walk, enum kenar_name name,
                                          struct kenar_text *text)
{
    if (lua_type(walk->L, -1) != LUA_TSTRING)
        return kenar_walk_refuse_type(walk, name, "a string");
    *text = kenar_text_at(walk->L, -1);
    return true;
}

/* Refuse the key at `at` of the stack, naming the nearest of the known ones; the fault's path
 * becomes that key. `owner` is "a button", "a row", ... Returns false. */
bool kenar_walk_refuse_key(struct kenar_walk *walk, int at, const char *owner,
                           struct kenar_names known);

/* Whether the value is a number that can be a place in a list: 1, 2, 3... */
bool kenar_walk_index(lua_State *L, int at, size_t *index);

/* Put a step in front of the fault's path: the key at `at` of the stack, a name, or a place in a
 * list. Return false. */
bool kenar_walk_prepend_key(struct kenar_walk *walk, int at);
bool kenar_walk_prepend(struct kenar_walk *walk, enum kenar_name name);
bool kenar_walk_prepend_index(struct kenar_walk *walk, size_t index);

#endif
