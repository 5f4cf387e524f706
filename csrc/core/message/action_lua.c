#include "message/action_lua.h"

#include <stdio.h>

static const struct form {
    enum payload {
        PAYLOAD_URL,
        PAYLOAD_DATA,
        PAYLOAD_TOKEN
    } payload;                     /* a URL, { data = } or { post_token = } */
    struct kenar_fragment opening; /* the JSON before and after the payload */
    struct kenar_fragment closing;
} forms[KENAR_ACTION_COUNT] = {
#define URL_OPENING ""
#define URL_CLOSING "}"
#define DATA_OPENING "{\"data\":{"
#define DATA_CLOSING "}}}"
#define TOKEN_OPENING "{\"post_token\":"
#define TOKEN_CLOSING "}}"
#define FORM(kind, plain, wire, wire_kind, payload)                                                \
    {PAYLOAD_##payload, KENAR_FRAGMENT("{\"action\":{\"" wire "\":" payload##_OPENING),            \
     KENAR_FRAGMENT(payload##_CLOSING)},
    KENAR_BUTTON_KINDS(FORM)
#undef FORM
};

bool kenar_action_is_named(enum kenar_action action)
{
    return forms[action].payload == PAYLOAD_DATA;
}

#define RESERVED_PREFIX "kenar_"

static bool add_opening(struct kenar_writer *writer, enum kenar_action action)
{
    return kenar_writer_add_fragment(writer, &forms[action].opening);
}

static bool add_closing(struct kenar_writer *writer, enum kenar_action action)
{
    return kenar_writer_add_fragment(writer, &forms[action].closing);
}

bool kenar_action_write_text(struct kenar_writer *writer, enum kenar_action action,
                             struct kenar_text text)
{
    return add_opening(writer, action) && kenar_writer_add_string(writer, text) &&
           add_closing(writer, action);
}

/* Whether the encoder writes the empty table at `index` as an array. */
static bool is_empty_list(struct kenar_writer *writer, int index)
{
    const size_t length = writer->out->length;
    const bool is_list = kenar_json_encode_value(writer->L, index, writer->out, writer->conventions,
                                                 writer->fault) &&
                         writer->out->data[length] == '[';
    writer->out->length = length;
    return is_list;
}

static bool refuse_data(struct kenar_writer *writer, const char *got)
{
    return kenar_fault_format(writer->fault,
                              "data must be an object (a table with names as keys), got %s", got);
}

/* Writes the pair on top of the stack: key, value. */
static bool add_member(struct kenar_writer *writer, bool reserves)
{
    lua_State *L = writer->L;
    const struct kenar_text key = kenar_text_at(L, -2);
    if (reserves && key.length >= sizeof RESERVED_PREFIX - 1 &&
        memcmp(key.bytes, RESERVED_PREFIX, sizeof RESERVED_PREFIX - 1) == 0)
        return kenar_fault_set(writer->fault,
                               "keys that begin with kenar_ are the SDK's own: rename the key");
    if (!kenar_writer_add_string(writer, key) || !kenar_writer_add(writer, ":"))
        return false;
    if (lua_type(L, -1) == LUA_TSTRING)
        return kenar_writer_add_string(writer, kenar_text_at(L, -1));
    return kenar_json_encode_value(L, lua_gettop(L), writer->out, writer->conventions,
                                   writer->fault);
}

/* Writes the members of the object at `data` (0 or nil: none) without braces. `reserves`: members
 * of the SDK precede them. The path of a fault is relative to `data`. */
static bool add_members(struct kenar_writer *writer, int data, bool reserves)
{
    lua_State *L = writer->L;
    const int type = data == 0 ? LUA_TNIL : lua_type(L, data);
    if (type == LUA_TNIL)
        return true;
    if (type != LUA_TTABLE)
        return refuse_data(writer, kenar_type_name(L, data));
    bool empty = true;
    lua_pushnil(L);
    while (lua_next(L, data) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING)
            return refuse_data(writer, lua_type(L, -2) == LUA_TNUMBER ? "a list" : "other keys");
        if ((reserves || !empty) && !kenar_writer_add(writer, ","))
            return false;
        if (!add_member(writer, reserves))
            return kenar_writer_prepend_key(writer, -2);
        empty = false;
        lua_pop(L, 1);
    }
    return !empty || !is_empty_list(writer, data) || refuse_data(writer, "a list");
}

bool kenar_action_begin_named(struct kenar_writer *writer, enum kenar_action action,
                              struct kenar_text name)
{
    if (name.length == 0)
        return kenar_fault_set(writer->fault, "give the name of the bot's handler, not \"\"");
    return add_opening(writer, action) && kenar_writer_add(writer, "\"kenar_action\":") &&
           kenar_writer_add_string(writer, name);
}

static bool add_via(struct kenar_writer *writer)
{
    return writer->options->via.bytes == NULL ||
           (kenar_writer_add(writer, ",\"kenar_via\":") &&
            kenar_writer_add_string(writer, writer->options->via));
}

bool kenar_action_end_named(struct kenar_writer *writer, enum kenar_action action, int data)
{
    if (!add_via(writer))
        return false;
    if (!add_members(writer, data, true))
        return kenar_writer_prepend(writer, KENAR_NAME_DATA);
    return add_closing(writer, action);
}

bool kenar_action_write_answer(struct kenar_writer *writer, int value)
{
    const struct kenar_text state = writer->options->state;
    return add_opening(writer, KENAR_DYNAMIC_ACTION) &&
           kenar_writer_add(writer, "\"kenar_action\":\"kenar_answer\",\"kenar_value\":") &&
           kenar_json_encode_value(writer->L, value, writer->out, writer->conventions,
                                   writer->fault) &&
           (state.bytes == NULL || (kenar_writer_add(writer, ",\"kenar_state\":") &&
                                    kenar_writer_add_string(writer, state))) &&
           add_via(writer) && add_closing(writer, KENAR_DYNAMIC_ACTION);
}

/* Pushes the pair of the table at `at`, the top of the stack, which may have only the key `only`.
 * The value is then at `at + 2`; it is nil if the table is empty. */
static bool push_only(struct kenar_writer *writer, int at, enum kenar_name owner,
                      enum kenar_name only)
{
    lua_State *L = writer->L;
    if (lua_type(L, at) != LUA_TTABLE)
        return kenar_fault_format(writer->fault, "%s must be a table { %s = ... }, got %s",
                                  kenar_name_texts[owner], kenar_name_texts[only],
                                  kenar_type_name(L, at));
    lua_pushnil(L);
    if (lua_next(L, at) == 0) {
        lua_settop(L, at + 2);
        return true;
    } /* table, key, value */
    const bool known = kenar_writer_is_name(writer, at + 1, only);
    lua_pushvalue(L, at + 1);
    if (known && lua_next(L, at) == 0)
        return true;
    const struct kenar_names names = {only, only};
    return kenar_writer_refuse_key(writer, known ? -2 : at + 1, kenar_name_texts[owner], names);
}

/* Writes the payload at `at`, the top of the stack. */
static bool add_payload(struct kenar_writer *writer, int at, enum kenar_action action,
                        enum kenar_name owner)
{
    struct kenar_text text = {NULL, 0};
    switch (forms[action].payload) {
    case PAYLOAD_URL:
        return kenar_writer_read_string(writer, owner, &text) &&
               kenar_writer_add_string(writer, text);
    case PAYLOAD_TOKEN:
        return push_only(writer, at, owner, KENAR_NAME_POST_TOKEN) &&
               ((kenar_writer_read_string(writer, KENAR_NAME_POST_TOKEN, &text) &&
                 kenar_writer_add_string(writer, text)) ||
                kenar_writer_prepend(writer, KENAR_NAME_POST_TOKEN));
    case PAYLOAD_DATA:
        return push_only(writer, at, owner, KENAR_NAME_ACTION_DATA) &&
               (add_members(writer, at + 2, false) ||
                kenar_writer_prepend(writer, KENAR_NAME_ACTION_DATA));
    }
    return false;
}

/* Sets the fault of a table at `at` that has no key, an unknown key, or several keys. Returns
 * false. */
static bool refuse_wire(struct kenar_writer *writer, int at)
{
    lua_State *L = writer->L;
    unsigned given = 0;
    lua_settop(L, at);
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        const enum kenar_name name = kenar_writer_name(writer, -2, kenar_action_names);
        if (name >= KENAR_NAME_UNKNOWN)
            return kenar_writer_refuse_key(writer, -2, "an action", kenar_action_names);
        given |= 1u << (name - kenar_action_names.first);
        lua_pop(L, 1);
    }
    return kenar_action_refuse_count(writer, kenar_action_names, given);
}

bool kenar_action_write_wire(struct kenar_writer *writer, int at)
{
    lua_State *L = writer->L;
    if (lua_type(L, at) != LUA_TTABLE)
        return kenar_writer_refuse_type(writer, KENAR_NAME_ACTION, "a table");
    enum kenar_name name = KENAR_NAME_UNKNOWN;
    lua_pushnil(L);
    if (lua_next(L, at) != 0) {
        name = kenar_writer_name(writer, at + 1, kenar_action_names);
        lua_pushvalue(L, at + 1);
    }
    if (name >= KENAR_NAME_UNKNOWN || lua_next(L, at) != 0)
        return refuse_wire(writer, at);
    /* action, key, value */
    const enum kenar_action action = (enum kenar_action)(name - kenar_action_names.first);
    return add_opening(writer, action) &&
           (add_payload(writer, at + 2, action, name) || kenar_writer_prepend(writer, name)) &&
           add_closing(writer, action);
}

bool kenar_action_refuse_count(struct kenar_writer *writer, struct kenar_names names,
                               unsigned given)
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
    return kenar_fault_format(writer->fault, "exactly one action%s%s",
                              given != 0 ? ", got " : ": give ", list);
}
