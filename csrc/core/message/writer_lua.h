/* The state of a message encoder, which traverses the caller's table, checks it and writes JSON in
 * one pass. Needs lua.h.
 *
 * No metamethod runs and nothing is allocated in Lua, because tables are read raw. The bytes of
 * Lua strings stay valid while the message is on the stack. A function that fails sets the fault
 * and returns false. Its callers add their step to the path of the fault, and need not clean the
 * stack. */
#ifndef KENAR_MESSAGE_WRITER_LUA_H
#define KENAR_MESSAGE_WRITER_LUA_H

#include "compat.h"
#include "message/names_lua.h"
#include "message/options_lua.h"
#include "json/encode_lua.h"
#include "json/write.h"

#include <stdbool.h>
#include <stddef.h>

struct kenar_writer {
    lua_State *L;
    struct kenar_buffer *out;
    const struct kenar_json_conventions *conventions;
    const struct kenar_name_addresses *names;
    const struct kenar_message_options *options;
    struct kenar_fault *fault;
    bool captionless; /* a button without a caption was written */
};

/* Like kenar_name_find. The second function compares with one name. */
static inline enum kenar_name kenar_writer_name(const struct kenar_writer *writer, int at,
                                                struct kenar_names names)
{
    return kenar_name_find(writer->L, at, names, writer->names);
}

static inline bool kenar_writer_is_name(const struct kenar_writer *writer, int at,
                                        enum kenar_name name)
{
    return lua_topointer(writer->L, at) == writer->names->of[name];
}

/* Like lua_tolstring, for a value that is a string. */
static inline struct kenar_text kenar_text_at(lua_State *L, int at)
{
    struct kenar_text text;
    text.bytes = lua_tolstring(L, at, &text.length);
    return text;
}

/* Appends a JSON string. */
bool kenar_writer_refuse_string(struct kenar_writer *writer, size_t bad_offset);
static inline bool kenar_writer_add_string(struct kenar_writer *writer, struct kenar_text text)
{
    size_t bad_offset;
    return kenar_json_write_string(writer->out, text.bytes, text.length, &bad_offset) ||
           kenar_writer_refuse_string(writer, bad_offset);
}

/* Appends a literal that is JSON. */
#define kenar_writer_add(writer, literal)                                                          \
    (kenar_buffer_add_literal((writer)->out, literal) || kenar_fault_no_memory((writer)->fault))

/* Constant JSON in a block of fixed size, because copying a whole block is faster than copying a
 * variable length. */
struct kenar_fragment {
    char json[64];
    size_t length;
};
#define KENAR_FRAGMENT(literal)                                                                    \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static inline bool kenar_writer_add_fragment(struct kenar_writer *writer,
                                             const struct kenar_fragment *fragment)
{
    if (!kenar_buffer_reserve(writer->out, sizeof fragment->json))
        return kenar_fault_no_memory(writer->fault);
    memcpy(writer->out->data + writer->out->length, fragment->json, sizeof fragment->json);
    writer->out->length += fragment->length;
    return true;
}

/* The name of the type for errors: Lua's name, or "null" for JSON's null. */
const char *kenar_type_name(lua_State *L, int at);

/* Reads the string on top of the stack. Sets the fault `<name> must be a string` for another
 * type. */
bool kenar_writer_refuse_type(struct kenar_writer *writer, enum kenar_name name,
                              const char *wanted);
static inline bool kenar_writer_read_string(struct kenar_writer *writer, enum kenar_name name,
                                            struct kenar_text *text)
{
    if (lua_type(writer->L, -1) != LUA_TSTRING)
        return kenar_writer_refuse_type(writer, name, "a string");
    *text = kenar_text_at(writer->L, -1);
    return true;
}

/* Sets the fault of an unknown key at the stack index `at`, with the nearest of the `known` names.
 * The path of the fault is then the key. `owner` is "a button", "a row", ... Returns false. */
bool kenar_writer_refuse_key(struct kenar_writer *writer, int at, const char *owner,
                             struct kenar_names known);

/* Whether the value can be an index of a list: 1, 2, 3, ... */
bool kenar_list_index(lua_State *L, int at, size_t *index);

/* Add a step to the front of the fault's path: the key at the stack index `at`, a name, or an index
 * of a list. Return false. */
bool kenar_writer_prepend_key(struct kenar_writer *writer, int at);
bool kenar_writer_prepend(struct kenar_writer *writer, enum kenar_name name);
bool kenar_writer_prepend_index(struct kenar_writer *writer, size_t index);

#endif
