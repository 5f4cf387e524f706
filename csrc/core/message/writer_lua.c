#include "message/writer_lua.h"

#include "text/nearest.h"

bool kenar_writer_refuse_string(struct kenar_writer *writer, size_t bad_offset)
{
    if (bad_offset == KENAR_JSON_NO_MEMORY)
        return kenar_fault_no_memory(writer->fault);
    return kenar_fault_format(writer->fault, "not valid UTF-8 at byte %zu", bad_offset + 1);
}

const char *kenar_type_name(lua_State *L, int at)
{
    if (lua_islightuserdata(L, at) && lua_touserdata(L, at) == NULL)
        return "null";
    return luaL_typename(L, at);
}

bool kenar_writer_refuse_type(struct kenar_writer *writer, enum kenar_name name, const char *wanted)
{
    return kenar_fault_format(writer->fault, "%s must be %s, got %s", kenar_name_texts[name],
                              wanted, kenar_type_name(writer->L, -1));
}

bool kenar_writer_refuse_key(struct kenar_writer *writer, int at, const char *owner,
                             struct kenar_names known)
{
    lua_State *L = writer->L;
    size_t index;
    if (kenar_list_index(L, at, &index)) {
        kenar_fault_format(writer->fault, "unexpected item in %s", owner);
    } else if (lua_type(L, at) != LUA_TSTRING) {
        return kenar_fault_format(writer->fault, "a %s as a key in %s", luaL_typename(L, at),
                                  owner);
    } else {
        struct kenar_text key = kenar_text_at(L, at);
        const char *nearest = kenar_nearest(key.bytes, key.length, kenar_name_texts + known.first,
                                            (size_t)(known.last - known.first) + 1);
        kenar_fault_format(writer->fault, "unknown key in %s%s%s%s", owner,
                           nearest ? ": did you mean " : "", nearest ? nearest : "",
                           nearest ? "?" : "");
    }
    return kenar_writer_prepend_key(writer, at);
}

bool kenar_list_index(lua_State *L, int at, size_t *index)
{
    const double beyond = 9007199254740992.0;
    if (lua_type(L, at) != LUA_TNUMBER)
        return false;
    double number = lua_tonumber(L, at);
    if (!(number >= 1 && number < beyond) || number != (double)(size_t)number)
        return false;
    *index = (size_t)number;
    return true;
}

bool kenar_writer_prepend_key(struct kenar_writer *writer, int at)
{
    size_t index;
    if (kenar_list_index(writer->L, at, &index)) {
        kenar_fault_prepend_index(writer->fault, index);
    } else if (lua_type(writer->L, at) == LUA_TSTRING) {
        struct kenar_text key = kenar_text_at(writer->L, at);
        kenar_fault_prepend_key(writer->fault, key.bytes, key.length);
    }
    return false;
}

bool kenar_writer_prepend(struct kenar_writer *writer, enum kenar_name name)
{
    kenar_fault_prepend_key(writer->fault, kenar_name_texts[name], strlen(kenar_name_texts[name]));
    return false;
}

bool kenar_writer_prepend_index(struct kenar_writer *writer, size_t index)
{
    kenar_fault_prepend_index(writer->fault, index);
    return false;
}
