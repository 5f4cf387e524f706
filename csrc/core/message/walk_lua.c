#include "message/walk_lua.h"

#include "text/nearest.h"

bool kenar_walk_refuse_string(struct kenar_walk *walk, size_t bad_offset)
{
    if (bad_offset == KENAR_JSON_NO_MEMORY)
        return kenar_fault_no_memory(walk->fault);
    return kenar_fault_format(walk->fault, "not valid UTF-8 at byte %zu", bad_offset + 1);
}

const char *kenar_walk_type_name(lua_State *L, int at)
{
    if (lua_islightuserdata(L, at) && lua_touserdata(L, at) == NULL)
        return "null";
    return luaL_typename(L, at);
}

bool kenar_walk_refuse_type(struct kenar_walk *walk, enum kenar_name name, const char *wanted)
{
    return kenar_fault_format(walk->fault, "%s must be %s, got %s", kenar_name_texts[name], wanted,
                              kenar_walk_type_name(walk->L, -1));
}

bool kenar_walk_refuse_key(struct kenar_walk *walk, int at, const char *owner,
                           struct kenar_names known)
{
    lua_State *L = walk->L;
    size_t index;
    if (kenar_walk_index(L, at, &index)) {
        kenar_fault_format(walk->fault, "%s has no place for this", owner);
    } else if (lua_type(L, at) != LUA_TSTRING) {
        return kenar_fault_format(walk->fault, "a %s as a key in %s", luaL_typename(L, at), owner);
    } else {
        struct kenar_text key = kenar_text_at(L, at);
        const char *nearest = kenar_nearest(key.bytes, key.length, kenar_name_texts + known.first,
                                            (size_t)(known.last - known.first) + 1);
        kenar_fault_format(walk->fault, "unknown key in %s%s%s%s", owner,
                           nearest ? ": did you mean " : "", nearest ? nearest : "",
                           nearest ? "?" : "");
    }
    return kenar_walk_prepend_key(walk, at);
}

bool kenar_walk_index(lua_State *L, int at, size_t *index)
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

bool kenar_walk_prepend_key(struct kenar_walk *walk, int at)
{
    size_t index;
    if (kenar_walk_index(walk->L, at, &index)) {
        kenar_fault_prepend_index(walk->fault, index);
    } else if (lua_type(walk->L, at) == LUA_TSTRING) {
        struct kenar_text key = kenar_text_at(walk->L, at);
        kenar_fault_prepend_key(walk->fault, key.bytes, key.length);
    }
    return false;
}

bool kenar_walk_prepend(struct kenar_walk *walk, enum kenar_name name)
{
    kenar_fault_prepend_key(walk->fault, kenar_name_texts[name], strlen(kenar_name_texts[name]));
    return false;
}

bool kenar_walk_prepend_index(struct kenar_walk *walk, size_t index)
{
    kenar_fault_prepend_index(walk->fault, index);
    return false;
}
