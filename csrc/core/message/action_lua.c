#include "message/action_lua.h"

#include <stdio.h>

static const struct form {
    enum holds { HOLDS_URL, HOLDS_DATA, HOLDS_TOKEN } holds; /* url, { data = }, { post_token = } */
    struct kenar_piece opening; /* the JSON before and after what it holds */
    struct kenar_piece closing;
} forms[KENAR_ACTION_COUNT] = {
#define URL_OPENING ""
#define URL_CLOSING "}"
#define DATA_OPENING "{\"data\":{"
#define DATA_CLOSING "}}}"
#define TOKEN_OPENING "{\"post_token\":"
#define TOKEN_CLOSING "}}"
#define FORM(kind, plain, wire, wire_kind, holds)                                                  \
    {HOLDS_##holds, KENAR_PIECE("{\"action\":{\"" wire "\":" holds##_OPENING),                     \
     KENAR_PIECE(holds##_CLOSING)},
    KENAR_BUTTON_KINDS(FORM)
#undef FORM
};

bool kenar_action_is_named(enum kenar_action action)
{
    return forms[action].holds == HOLDS_DATA;
}

#define RESERVED_PREFIX "kenar_"

static bool add_opening(struct kenar_walk *walk, enum kenar_action action)
{
    return kenar_walk_add_piece(walk, &forms[action].opening);
}

static bool add_closing(struct kenar_walk *walk, enum kenar_action action)
{
    return kenar_walk_add_piece(walk, &forms[action].closing);
}

bool kenar_action_write_text(struct kenar_walk *walk, enum kenar_action action,
                             struct kenar_text text)
{
    return add_opening(walk, action) && kenar_walk_add_string(walk, text) &&
           add_closing(walk, action);
}

/* Whether the codec would write the empty table at `index` as a list. */
static bool is_empty_list(struct kenar_walk *walk, int index)
{
    const size_t length = walk->out->length;
    const bool is_list =
        kenar_json_encode_value(walk->L, index, walk->out, walk->conventions, walk->fault) &&
        walk->out->data[length] == '[';
    walk->out->length = length;
    return is_list;
}

static bool refuse_data(struct kenar_walk *walk, const char *got)
{
    return kenar_fault_format(walk->fault,
                              "data must be an object (a table with names as keys), got %s", got);
}

/* The value on top of the stack, behind its key. */
static bool add_member(struct kenar_walk *walk, bool reserves)
{
    lua_State *L = walk->L;
    const struct kenar_text key = kenar_text_at(L, -2);
    if (reserves && key.length >= sizeof RESERVED_PREFIX - 1 &&
        memcmp(key.bytes, RESERVED_PREFIX, sizeof RESERVED_PREFIX - 1) == 0)
        return kenar_fault_set(walk->fault,
                               "keys that begin with kenar_ are the SDK's own: rename it");
    if (!kenar_walk_add_string(walk, key) || !kenar_walk_add(walk, ":"))
        return false;
    if (lua_type(L, -1) == LUA_TSTRING)
        return kenar_walk_add_string(walk, kenar_text_at(L, -1));
    return kenar_json_encode_value(L, lua_gettop(L), walk->out, walk->conventions, walk->fault);
}

/* The members of the object at `data` (0 or nil: none), without braces. `reserves`: the SDK's own
 * members stand before them. A fault's path begins behind `data`. */
static bool add_members(struct kenar_walk *walk, int data, bool reserves)
{
    lua_State *L = walk->L;
    const int type = data == 0 ? LUA_TNIL : lua_type(L, data);
    if (type == LUA_TNIL)
        return true;
    if (type != LUA_TTABLE)
        return refuse_data(walk, kenar_walk_type_name(L, data));
    bool empty = true;
    lua_pushnil(L);
    while (lua_next(L, data) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING)
            return refuse_data(walk, lua_type(L, -2) == LUA_TNUMBER ? "a list" : "other keys");
        if ((reserves || !empty) && !kenar_walk_add(walk, ","))
            return false;
        if (!add_member(walk, reserves))
            return kenar_walk_prepend_key(walk, -2);
        empty = false;
        lua_pop(L, 1);
    }
    return !empty || !is_empty_list(walk, data) || refuse_data(walk, "a list");
}

bool kenar_action_begin_named(struct kenar_walk *walk, enum kenar_action action,
                              struct kenar_text name)
{
    if (name.length == 0)
        return kenar_fault_set(walk->fault, "give the name of the bot's handler, not \"\"");
    return add_opening(walk, action) && kenar_walk_add(walk, "\"kenar_action\":") &&
           kenar_walk_add_string(walk, name);
}

static bool add_via(struct kenar_walk *walk)
{
    return walk->options->via.bytes == NULL || (kenar_walk_add(walk, ",\"kenar_via\":") &&
                                                kenar_walk_add_string(walk, walk->options->via));
}

bool kenar_action_end_named(struct kenar_walk *walk, enum kenar_action action, int data)
{
    if (!add_via(walk))
        return false;
    if (!add_members(walk, data, true))
        return kenar_walk_prepend(walk, KENAR_NAME_DATA);
    return add_closing(walk, action);
}

bool kenar_action_write_answer(struct kenar_walk *walk, int value)
{
    const struct kenar_text state = walk->options->state;
    return add_opening(walk, KENAR_DYNAMIC_ACTION) &&
           kenar_walk_add(walk, "\"kenar_action\":\"kenar_answer\",\"kenar_value\":") &&
           kenar_json_encode_value(walk->L, value, walk->out, walk->conventions, walk->fault) &&
           (state.bytes == NULL ||
            (kenar_walk_add(walk, ",\"kenar_state\":") && kenar_walk_add_string(walk, state))) &&
           add_via(walk) && add_closing(walk, KENAR_DYNAMIC_ACTION);
}

/* Push the only key that the table at `at`, the top of the stack, may have, and its value, which
 * comes to stand at `at + 2`; nil where the table is empty. */
static bool push_only(struct kenar_walk *walk, int at, enum kenar_name owner, enum kenar_name only)
{
    lua_State *L = walk->L;
    if (lua_type(L, at) != LUA_TTABLE)
        return kenar_fault_format(walk->fault, "%s must be a table { %s = ... }, got %s",
                                  kenar_name_texts[owner], kenar_name_texts[only],
                                  kenar_walk_type_name(L, at));
    lua_pushnil(L);
    if (lua_next(L, at) == 0) {
        lua_settop(L, at + 2);
        return true;
    } /* table, key, value */
    const bool known = kenar_walk_is_name(walk, at + 1, only);
    lua_pushvalue(L, at + 1);
    if (known && lua_next(L, at) == 0)
        return true;
    const struct kenar_names names = {only, only};
    return kenar_walk_refuse_key(walk, known ? -2 : at + 1, kenar_name_texts[owner], names);
}

/* What the action's key holds is at `at`, the top of the stack. */
static bool add_held(struct kenar_walk *walk, int at, enum kenar_action action,
                     enum kenar_name owner)
{
    struct kenar_text text = {NULL, 0};
    switch (forms[action].holds) {
    case HOLDS_URL:
        return kenar_walk_read_string(walk, owner, &text) && kenar_walk_add_string(walk, text);
    case HOLDS_TOKEN:
        return push_only(walk, at, owner, KENAR_NAME_POST_TOKEN) &&
               ((kenar_walk_read_string(walk, KENAR_NAME_POST_TOKEN, &text) &&
                 kenar_walk_add_string(walk, text)) ||
                kenar_walk_prepend(walk, KENAR_NAME_POST_TOKEN));
    case HOLDS_DATA:
        return push_only(walk, at, owner, KENAR_NAME_ACTION_DATA) &&
               (add_members(walk, at + 2, false) ||
                kenar_walk_prepend(walk, KENAR_NAME_ACTION_DATA));
    }
    return false;
}

/* The table at `at` has no key, an unknown one or several. */
static bool refuse_wire(struct kenar_walk *walk, int at)
{
    lua_State *L = walk->L;
    unsigned given = 0;
    lua_settop(L, at);
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        const enum kenar_name name = kenar_walk_name(walk, -2, kenar_action_names);
        if (name >= KENAR_NAME_UNKNOWN)
            return kenar_walk_refuse_key(walk, -2, "an action", kenar_action_names);
        given |= 1u << (name - kenar_action_names.first);
        lua_pop(L, 1);
    }
    return kenar_action_refuse_count(walk, kenar_action_names, given);
}

bool kenar_action_write_wire(struct kenar_walk *walk, int at)
{
    lua_State *L = walk->L;
    if (lua_type(L, at) != LUA_TTABLE)
        return kenar_walk_refuse_type(walk, KENAR_NAME_ACTION, "a table");
    enum kenar_name name = KENAR_NAME_UNKNOWN;
    lua_pushnil(L);
    if (lua_next(L, at) != 0) {
        name = kenar_walk_name(walk, at + 1, kenar_action_names);
        lua_pushvalue(L, at + 1);
    }
    if (name >= KENAR_NAME_UNKNOWN || lua_next(L, at) != 0)
        return refuse_wire(walk, at);
    /* action, key, value */
    const enum kenar_action action = (enum kenar_action)(name - kenar_action_names.first);
    return add_opening(walk, action) &&
           (add_held(walk, at + 2, action, name) || kenar_walk_prepend(walk, name)) &&
           add_closing(walk, action);
}

bool kenar_action_refuse_count(struct kenar_walk *walk, struct kenar_names names, unsigned given)
{
    char list[160];
    size_t length = 0;
    const unsigned count = (unsigned)(names.last - names.first) + 1;
    unsigned left = given != 0 ? given : (1u << count) - 1;
    for (unsigned i = 0; i < count && length < sizeof list; i++) {
        if ((left & (1u << i)) == 0)
            continue;
        left &= ~(1u << i);
        const char *separator = length == 0 ? "" : left != 0 ? ", " : given != 0 ? " and " : " or ";
        const int wrote = snprintf(list + length, sizeof list - length, "%s%s", separator,
                                   kenar_name_texts[names.first + i]);
        length += wrote > 0 ? (size_t)wrote : 0;
    }
    return kenar_fault_format(walk->fault, "exactly one action%s%s",
                              given != 0 ? ", got " : ": give ", list);
}
