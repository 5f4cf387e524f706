#include "json/encode_lua.h"

#include "json/write.h"

#include <math.h>
#include <stdint.h>

/* The deepest nesting. A table that contains itself fails at this depth too. */
enum { MAX_DEPTH = 64 };

static const char encoder_type[] = "kenar.json_encoder";

struct writer {
    lua_State *L;
    struct kenar_buffer *buffer;
    const struct kenar_json_conventions *conventions;
    struct kenar_fault *fault;
};

static bool encode(const struct writer *writer, int index, int depth);

static bool check_memory(const struct writer *writer, bool enough)
{
    return enough || kenar_fault_no_memory(writer->fault);
}

static bool encode_string(const struct writer *writer, int index, const char *what)
{
    size_t count, bad_offset;
    const char *s = lua_tolstring(writer->L, index, &count);
    if (kenar_json_write_string(writer->buffer, s, count, &bad_offset))
        return true;
    if (bad_offset == KENAR_JSON_NO_MEMORY)
        return kenar_fault_no_memory(writer->fault);
    return kenar_fault_format(writer->fault, "%s is not valid UTF-8 at byte %zu", what,
                              bad_offset + 1);
}

static bool encode_number(const struct writer *writer, int index)
{
    if (lua_isinteger(writer->L, index)) {
        const int64_t integer = (int64_t)lua_tointeger(writer->L, index);
        return check_memory(writer, kenar_json_write_integer(writer->buffer, integer));
    }
    const double number = (double)lua_tonumber(writer->L, index);
    if (!isfinite(number))
        return kenar_fault_set(writer->fault, isnan(number) ? "NaN has no JSON form"
                                                            : "infinity has no JSON form");
    return check_memory(writer, kenar_json_write_double(writer->buffer, number));
}

/* Stack at the start: key, value (the first pair). On success both are popped. */
static bool encode_object(const struct writer *writer, int table, int depth)
{
    lua_State *L = writer->L;
    const int value = lua_gettop(L), key = value - 1;
    char before = '{';
    do {
        if (!check_memory(writer, kenar_buffer_add_byte(writer->buffer, before)))
            return false;
        before = ',';
        if (lua_type(L, key) != LUA_TSTRING)
            return kenar_fault_format(writer->fault, "an object with a %s key",
                                      luaL_typename(L, key));
        if (!encode_string(writer, key, "the key") ||
            !check_memory(writer, kenar_buffer_add_byte(writer->buffer, ':')) ||
            !encode(writer, value, depth)) {
            size_t count;
            const char *name = lua_tolstring(L, key, &count);
            kenar_fault_prepend_key(writer->fault, name, count);
            return false;
        }
        lua_settop(L, key);
    } while (lua_next(L, table));
    return check_memory(writer, kenar_buffer_add_byte(writer->buffer, '}'));
}

static bool encode_element(const struct writer *writer, int value, size_t position, int depth)
{
    if (check_memory(writer, kenar_buffer_add_byte(writer->buffer, position == 1 ? '[' : ',')) &&
        encode(writer, value, depth))
        return true;
    kenar_fault_prepend_index(writer->fault, position);
    return false;
}

/* Encodes an array whose elements lua_next does not return in order, because some are in the hash
 * part. Begins at `position`: the elements before it are written already, and writing them again
 * would double the work on each level. Fails if the table is not an array. */
static bool encode_scattered_array(const struct writer *writer, int table, size_t position,
                                   int depth)
{
    lua_State *L = writer->L;
    size_t count = 0;
    double largest = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) { /* key, value */
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TNUMBER)
            return kenar_fault_format(writer->fault, "an array with a %s key",
                                      luaL_typename(L, -1));
        const double key = (double)lua_tonumber(L, -1);
        if (!(key >= 1 && key <= INT32_MAX && key == floor(key)))
            return kenar_fault_format(writer->fault, "an array with the key %.14g", key);
        if (key > largest)
            largest = key;
        count++;
    }
    for (size_t i = position; i <= count; i++) {
        lua_rawgeti(L, table, (int)i);
        if (lua_isnil(L, -1))
            return kenar_fault_format(
                writer->fault, "an array with a hole: no element %zu, but one at %.0f", i, largest);
        if (!encode_element(writer, lua_gettop(L), i, depth))
            return false;
        lua_pop(L, 1);
    }
    return check_memory(writer, kenar_buffer_add_byte(writer->buffer, ']'));
}

/* Stack at the start: key, value (the first pair). On success both are popped. */
static bool encode_array(const struct writer *writer, int table, int depth)
{
    lua_State *L = writer->L;
    const int value = lua_gettop(L), key = value - 1;
    size_t position = 1;
    do {
        if (lua_type(L, key) != LUA_TNUMBER || lua_tonumber(L, key) != (lua_Number)position) {
            lua_settop(L, key - 1);
            return encode_scattered_array(writer, table, position, depth);
        }
        if (!encode_element(writer, value, position, depth))
            return false;
        position++;
        lua_settop(L, key);
    } while (lua_next(L, table));
    return check_memory(writer, kenar_buffer_add_byte(writer->buffer, ']'));
}

static bool encode_table(const struct writer *writer, int table, int depth)
{
    lua_State *L = writer->L;
    if (depth == 0)
        return kenar_fault_format(
            writer->fault, "nested deeper than %d, or a table that contains itself", MAX_DEPTH);
    luaL_checkstack(L, 8, "nested too deep");
    bool array = false, empty_array = false;
    if (lua_getmetatable(L, table)) {
        const void *metatable = lua_topointer(L, -1);
        array = metatable == writer->conventions->array_mt;
        empty_array = array || metatable == writer->conventions->empty_array_mt;
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    if (!lua_next(L, table))
        return check_memory(writer, empty_array ? kenar_buffer_add_literal(writer->buffer, "[]")
                                                : kenar_buffer_add_literal(writer->buffer, "{}"));
    if (array || lua_type(L, -2) == LUA_TNUMBER)
        return encode_array(writer, table, depth - 1);
    return encode_object(writer, table, depth - 1);
}

static bool encode(const struct writer *writer, int index, int depth)
{
    lua_State *L = writer->L;
    const int type = lua_type(L, index);
    switch (type) {
    case LUA_TSTRING:
        return encode_string(writer, index, "the text");
    case LUA_TNUMBER:
        return encode_number(writer, index);
    case LUA_TTABLE:
        if (lua_topointer(L, index) != writer->conventions->empty_array)
            return encode_table(writer, index, depth);
        return check_memory(writer, kenar_buffer_add_literal(writer->buffer, "[]"));
    case LUA_TBOOLEAN:
        return check_memory(writer, lua_toboolean(L, index)
                                        ? kenar_buffer_add_literal(writer->buffer, "true")
                                        : kenar_buffer_add_literal(writer->buffer, "false"));
    case LUA_TNIL:
        return check_memory(writer, kenar_buffer_add_literal(writer->buffer, "null"));
    case LUA_TLIGHTUSERDATA:
    case LUA_TUSERDATA:
        if (type == LUA_TLIGHTUSERDATA && lua_touserdata(L, index) == NULL)
            return check_memory(writer, kenar_buffer_add_literal(writer->buffer, "null"));
        if (writer->conventions->empty_array != NULL &&
            lua_topointer(L, index) == writer->conventions->empty_array)
            return check_memory(writer, kenar_buffer_add_literal(writer->buffer, "[]"));
        break;
    default:
        break;
    }
    return kenar_fault_format(writer->fault, "a %s has no JSON form", lua_typename(L, type));
}

bool kenar_json_encode_value(lua_State *L, int index, struct kenar_buffer *buffer,
                             const struct kenar_json_conventions *conventions,
                             struct kenar_fault *fault)
{
    const struct writer writer = {L, buffer, conventions, fault};
    const int top = lua_gettop(L);
    kenar_fault_clear(fault);
    const bool encoded = encode(&writer, lua_absindex(L, index), MAX_DEPTH);
    lua_settop(L, top);
    return encoded;
}

static struct kenar_json_encoder *new_encoder(lua_State *L)
{
    struct kenar_json_encoder *encoder = lua_newuserdatauv(L, sizeof *encoder, 0);
    *encoder = (struct kenar_json_encoder){0};
    luaL_setmetatable(L, encoder_type);
    return encoder;
}

static int collect_encoder(lua_State *L)
{
    struct kenar_json_encoder *encoder = luaL_checkudata(L, 1, encoder_type);
    kenar_buffer_free(&encoder->buffer);
    return 0;
}

/* Stack: table. Copies a convention into the table, so that its address stays valid. */
static const void *keep_convention(lua_State *L, int options, const char *name)
{
    lua_getfield(L, options, name);
    const void *identity = lua_topointer(L, -1);
    lua_setfield(L, -2, name);
    return identity;
}

void kenar_json_encoder_push(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    luaL_checktype(L, index, LUA_TTABLE);
    if (luaL_newmetatable(L, encoder_type)) {
        lua_pushcfunction(L, collect_encoder);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
    struct kenar_json_encoder *encoder = new_encoder(L);
    lua_newtable(L);
    encoder->conventions.array_mt = keep_convention(L, index, "array_mt");
    encoder->conventions.empty_array_mt = keep_convention(L, index, "empty_array_mt");
    encoder->conventions.empty_array = keep_convention(L, index, "empty_array");
    if (encoder->conventions.array_mt == NULL)
        luaL_error(L, "array_mt must be a table");
}

struct kenar_json_encoder *kenar_json_encoder_begin(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    struct kenar_json_encoder *encoder = lua_touserdata(L, -1);
    if (encoder->busy) {
        /* In a finalizer, or after a raise. A new encoder replaces the busy encoder, which stays
         * alive on the stack of the call that uses it. */
        const struct kenar_json_conventions conventions = encoder->conventions;
        encoder = new_encoder(L);
        encoder->conventions = conventions;
        lua_pushvalue(L, -1);
        lua_replace(L, lua_upvalueindex(1));
        lua_remove(L, -2);
    }
    encoder->busy = true;
    encoder->buffer.length = 0;
    return encoder;
}

static void end(struct kenar_json_encoder *encoder)
{
    kenar_buffer_recycle(&encoder->buffer);
    encoder->busy = false;
}

int kenar_json_encoder_finish(lua_State *L, struct kenar_json_encoder *encoder)
{
    lua_pushlstring(L, encoder->buffer.data, encoder->buffer.length);
    end(encoder);
    return 1;
}

int kenar_json_encoder_fail(lua_State *L, struct kenar_json_encoder *encoder,
                            const struct kenar_fault *fault)
{
    end(encoder);
    if (fault->out_of_memory)
        return luaL_error(L, "%s", fault->message);
    lua_pushnil(L);
    lua_pushstring(L, fault->message);
    lua_pushstring(L, fault->path);
    return 3;
}
