#include "core.h"

#include "message/grid_lua.h"
#include "message/walk_lua.h"

/* Keys that are right elsewhere, and why they are wrong here. */
static const struct {
    const char *key, *reason;
} misplaced[] = {
    {"seller_buttons", "only a bot knows which side is the seller: reply through it, or "
                       "give sender_buttons or receiver_buttons"},
    {"buyer_buttons", "only a bot knows which side is the buyer: reply through it, or "
                      "give sender_buttons or receiver_buttons"},
    {"image", "upload the image first and give its media_token, or reply through a bot, "
              "which does so"},
    {"message", "the text goes in `text`"},
    {"text_message", "the text goes in `text`"},
    {"type", "the type is written by itself"},
    {"conversation_id", "who receives the message is no part of it"},
    {"user_id", "who receives the message is no part of it"},
};

/* Divar's two ways to send: what they call the text, and whether a message has two sides. */
static const struct message_kind {
    const char *name;
    const char *text; /* JSON up to the colon */
    bool has_sides;
} kinds[] = {
    {"conversation", "\"message\":", true},
    {"bot", "\"text_message\":", false},
};

static bool is_string(lua_State *L, int at, const char *wanted)
{
    return lua_type(L, at) == LUA_TSTRING && strcmp(lua_tostring(L, at), wanted) == 0;
}

struct message {
    struct kenar_text text, media_token;
    int sender, receiver, both; /* places of the grids on the stack */
};

static bool refuse_key(struct kenar_walk *walk)
{
    for (size_t i = 0; i < sizeof misplaced / sizeof misplaced[0]; i++) {
        if (is_string(walk->L, -2, misplaced[i].key)) {
            kenar_fault_set(walk->fault, misplaced[i].reason);
            return kenar_walk_prepend_key(walk, -2);
        }
    }
    return kenar_walk_refuse_key(walk, -2, "a message", kenar_message_names);
}

/* The value on top of the stack, under the key below it. Pops the value. */
static bool read_field(struct kenar_walk *walk, struct message *message)
{
    const enum kenar_name name = kenar_walk_name(walk, -2, kenar_message_names);
    bool ok = true;
    switch ((int)name) {
    case KENAR_NAME_SENDER_BUTTONS:
        lua_replace(walk->L, message->sender);
        return true;
    case KENAR_NAME_RECEIVER_BUTTONS:
        lua_replace(walk->L, message->receiver);
        return true;
    case KENAR_NAME_BOTH_BUTTONS:
        lua_replace(walk->L, message->both);
        return true;
    case KENAR_NAME_TEXT:
        ok = kenar_walk_read_string(walk, name, &message->text);
        break;
    case KENAR_NAME_MEDIA_TOKEN:
        ok = kenar_walk_read_string(walk, name, &message->media_token);
        break;
    default:
        return refuse_key(walk);
    }
    if (!ok)
        return kenar_walk_prepend(walk, name);
    lua_pop(walk->L, 1);
    return true;
}

/* Leaves the grids, or nil, on the stack. */
static bool read_message(struct kenar_walk *walk, int index, struct message *message)
{
    const int top = lua_gettop(walk->L);
    message->sender = top + 1;
    message->receiver = top + 2;
    message->both = top + 3;
    lua_settop(walk->L, message->both);
    lua_pushnil(walk->L);
    while (lua_next(walk->L, index) != 0) {
        if (!read_field(walk, message))
            return false;
    }
    return true;
}

static bool check_message(struct kenar_walk *walk, const struct message_kind *kind,
                          const struct message *message)
{
    const bool text = message->text.bytes != NULL, media = message->media_token.bytes != NULL;
    if (text == media)
        return kenar_fault_set(walk->fault, text ? "text or media_token, not both"
                                                 : "a message needs a text or a media_token");
    enum kenar_name side;
    if (!lua_isnil(walk->L, message->sender))
        side = KENAR_NAME_SENDER_BUTTONS;
    else if (!lua_isnil(walk->L, message->receiver))
        side = KENAR_NAME_RECEIVER_BUTTONS;
    else
        return true;
    if (!kind->has_sides)
        kenar_fault_set(walk->fault, "a bot chat has one reader and one grid: give buttons");
    else if (!lua_isnil(walk->L, message->both))
        kenar_fault_set(walk->fault, "buttons is for both sides: give it or this, not both");
    else
        return true;
    return kenar_walk_prepend(walk, side);
}

/* A member's key, JSON up to the colon, after a comma unless it is the first. */
static bool add_key(struct kenar_walk *walk, const char *key)
{
    const bool first = walk->out->data[walk->out->length - 1] == '{';
    if (!kenar_buffer_reserve(walk->out, strlen(key) + 1))
        return kenar_fault_no_memory(walk->fault);
    if (!first)
        kenar_buffer_put_byte(walk->out, ',');
    kenar_buffer_put(walk->out, key, strlen(key));
    return true;
}

static bool add_text(struct kenar_walk *walk, const char *key, struct kenar_text text)
{
    return add_key(walk, key) && kenar_walk_add_string(walk, text);
}

static bool write_content(struct kenar_walk *walk, const struct message_kind *kind,
                          const struct message *message)
{
    if (message->text.bytes != NULL) {
        if (walk->options->send_type && !add_key(walk, "\"type\":\"TEXT\""))
            return false;
        return add_text(walk, kind->text, message->text) ||
               kenar_walk_prepend(walk, KENAR_NAME_TEXT);
    }
    if (walk->options->empty_text && !add_text(walk, kind->text, (struct kenar_text){"", 0}))
        return false;
    return add_text(walk, "\"media_token\":", message->media_token) ||
           kenar_walk_prepend(walk, KENAR_NAME_MEDIA_TOKEN);
}

/* The grid at `at` of the stack; nothing when there is none or it is empty. */
static bool write_grid(struct kenar_walk *walk, int at, enum kenar_name name, const char *key,
                       bool *written)
{
    const size_t before = walk->out->length;
    bool empty = true;
    if (!lua_isnil(walk->L, at)) {
        lua_pushvalue(walk->L, at);
        if (!add_key(walk, key))
            return false;
        if (!kenar_grid_write(walk, lua_gettop(walk->L), &empty))
            return kenar_walk_prepend(walk, name);
        lua_pop(walk->L, 1);
    }
    if (empty)
        walk->out->length = before;
    *written = !empty;
    return true;
}

/* Append what was written from `start` on once more, under another key. */
static bool repeat(struct kenar_walk *walk, size_t start, const char *key)
{
    const size_t length = walk->out->length - start;
    if (!add_key(walk, key))
        return false;
    if (!kenar_buffer_reserve(walk->out, length))
        return kenar_fault_no_memory(walk->fault);
    kenar_buffer_put(walk->out, walk->out->data + start, length);
    return true;
}

static bool write_grids(struct kenar_walk *walk, const struct message_kind *kind,
                        const struct message *message)
{
    static const char sender[] = "\"sender_buttons\":", receiver[] = "\"receiver_buttons\":";
    const size_t grid =
        walk->out->length + 1 + sizeof sender - 1; /* behind the comma and the key */
    bool written;
    if (!kind->has_sides)
        return write_grid(walk, message->both, KENAR_NAME_BOTH_BUTTONS, "\"buttons\":", &written);
    if (!write_grid(walk, message->both, KENAR_NAME_BOTH_BUTTONS, sender, &written))
        return false;
    if (written)
        return repeat(walk, grid, receiver);
    return write_grid(walk, message->sender, KENAR_NAME_SENDER_BUTTONS, sender, &written) &&
           write_grid(walk, message->receiver, KENAR_NAME_RECEIVER_BUTTONS, receiver, &written);
}

static bool write_ids(struct kenar_walk *walk)
{
    const struct kenar_message_options *options = walk->options;
    return (options->conversation_id.bytes == NULL ||
            add_text(walk, "\"conversation_id\":", options->conversation_id)) &&
           (options->user_id.bytes == NULL || add_text(walk, "\"user_id\":", options->user_id));
}

static bool write_message(struct kenar_walk *walk, const struct message_kind *kind, int index)
{
    struct message message = {0};
    return read_message(walk, index, &message) && check_message(walk, kind, &message) &&
           kenar_walk_add(walk, "{") && write_content(walk, kind, &message) &&
           write_grids(walk, kind, &message) && write_ids(walk) && kenar_walk_add(walk, "}");
}

/* Push what the fault of a whole argument is, as the encoder's own faults are. */
static int refuse(lua_State *L, const char *format, const char *got)
{
    lua_pushnil(L);
    lua_pushfstring(L, format, got);
    lua_pushliteral(L, "");
    return 3;
}

/* encode_message(kind, message, options) -> bytes, captionless | nil, message, path; `captionless`
 * is true when a button has no caption */
static int encode_message(lua_State *L)
{
    enum { KIND = 1, MESSAGE, OPTIONS, DEEPEST = 40 };
    const struct message_kind *kind = NULL;
    struct kenar_message_options options;
    struct kenar_fault fault;
    lua_settop(L, OPTIONS);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (is_string(L, KIND, kinds[i].name))
            kind = &kinds[i];
    }
    if (kind == NULL)
        return refuse(L, "unknown kind of message %s: it is \"conversation\" or \"bot\"",
                      lua_type(L, KIND) == LUA_TSTRING ? lua_tostring(L, KIND)
                                                       : luaL_typename(L, KIND));
    if (!lua_istable(L, MESSAGE))
        return refuse(L, "a message must be a table, got %s", kenar_walk_type_name(L, MESSAGE));
    kenar_message_options_read(L, OPTIONS, !kind->has_sides, &options);
    luaL_checkstack(L, DEEPEST, "message");

    struct kenar_json_encoder *encoder = kenar_json_encoder_begin(L);
    struct kenar_walk walk = {
        .L = L,
        .out = &encoder->buffer,
        .conventions = &encoder->conventions,
        .names = lua_touserdata(L, lua_upvalueindex(3)),
        .options = &options,
        .fault = &fault,
    };
    kenar_fault_clear(&fault);
    if (!write_message(&walk, kind, MESSAGE))
        return kenar_json_encoder_fail(L, encoder, &fault);
    kenar_json_encoder_finish(L, encoder);
    lua_pushboolean(L, walk.captionless);
    return 2;
}

/* message_encoder(conventions) -> encode_message; the conventions are those of `codec` */
static int message_encoder(lua_State *L)
{
    kenar_json_encoder_push(L, 1); /* upvalues 1 and 2 */
    kenar_names_push(L);           /* 3 and 4 */
    lua_pushcclosure(L, encode_message, 4);
    return 1;
}

void kenar_message_open(lua_State *L)
{
    lua_pushcfunction(L, message_encoder);
    lua_setfield(L, -2, "message_encoder");
}
