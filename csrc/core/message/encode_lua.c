#include "class.h"
#include "core.h"

#include "message/grid_lua.h"
#include "message/writer_lua.h"

/* Keys that belong elsewhere, with errors that name the right place. */
static const struct {
    const char *key, *reason;
} misplaced[] = {
    {"seller_buttons", "only a bot knows which side is the seller: reply through it, or "
                       "give sender_buttons or receiver_buttons"},
    {"buyer_buttons", "only a bot knows which side is the buyer: reply through it, or "
                      "give sender_buttons or receiver_buttons"},
    {"image", "upload the image first and give its media_token, or reply through a bot, "
              "which uploads it"},
    {"message", "the text goes in `text`"},
    {"text_message", "the text goes in `text`"},
    {"type", "the SDK writes the type: leave it out"},
    {"conversation_id", "the recipient is not part of the message: leave it out"},
    {"user_id", "the recipient is not part of the message: leave it out"},
};

/* Divar's two kinds of message: the key of their text, and whether they have buttons for two
 * sides. */
static const struct message_kind {
    const char *name;
    const char *text; /* as JSON, with its colon */
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
    int sender, receiver, both; /* stack indices of the grids */
};

static bool refuse_key(struct kenar_writer *writer)
{
    for (size_t i = 0; i < sizeof misplaced / sizeof misplaced[0]; i++) {
        if (is_string(writer->L, -2, misplaced[i].key)) {
            kenar_fault_set(writer->fault, misplaced[i].reason);
            return kenar_writer_prepend_key(writer, -2);
        }
    }
    return kenar_writer_refuse_key(writer, -2, "a message", kenar_message_names);
}

/* Reads the pair on top of the stack: key, value. Pops the value. */
static bool read_field(struct kenar_writer *writer, struct message *message)
{
    const enum kenar_name name = kenar_writer_name(writer, -2, kenar_message_names);
    bool ok = true;
    switch ((int)name) {
    case KENAR_NAME_SENDER_BUTTONS:
        lua_replace(writer->L, message->sender);
        return true;
    case KENAR_NAME_RECEIVER_BUTTONS:
        lua_replace(writer->L, message->receiver);
        return true;
    case KENAR_NAME_BOTH_BUTTONS:
        lua_replace(writer->L, message->both);
        return true;
    case KENAR_NAME_TEXT:
        ok = kenar_writer_read_string(writer, name, &message->text);
        break;
    case KENAR_NAME_MEDIA_TOKEN:
        ok = kenar_writer_read_string(writer, name, &message->media_token);
        break;
    default:
        return refuse_key(writer);
    }
    if (!ok)
        return kenar_writer_prepend(writer, name);
    lua_pop(writer->L, 1);
    return true;
}

/* Reads the message. Leaves three values on the stack: a grid or nil for each field of
 * `message`. */
static bool read_message(struct kenar_writer *writer, int index, struct message *message)
{
    const int top = lua_gettop(writer->L);
    message->sender = top + 1;
    message->receiver = top + 2;
    message->both = top + 3;
    lua_settop(writer->L, message->both);
    lua_pushnil(writer->L);
    while (lua_next(writer->L, index) != 0) {
        if (!read_field(writer, message))
            return false;
    }
    return true;
}

static bool check_message(struct kenar_writer *writer, const struct message_kind *kind,
                          const struct message *message)
{
    const bool text = message->text.bytes != NULL, media = message->media_token.bytes != NULL;
    if (text == media)
        return kenar_fault_set(writer->fault, text ? "text or media_token, not both"
                                                   : "a message needs a text or a media_token");
    enum kenar_name side;
    if (!lua_isnil(writer->L, message->sender))
        side = KENAR_NAME_SENDER_BUTTONS;
    else if (!lua_isnil(writer->L, message->receiver))
        side = KENAR_NAME_RECEIVER_BUTTONS;
    else
        return true;
    if (!kind->has_sides)
        kenar_fault_set(writer->fault, "a bot chat has one reader and one grid: give buttons");
    else if (!lua_isnil(writer->L, message->both))
        kenar_fault_set(writer->fault,
                        "buttons is for both sides: give buttons or this grid, not both");
    else
        return true;
    return kenar_writer_prepend(writer, side);
}

/* Writes the key of a member, with a comma before it unless it is the first. `key` is JSON with its
 * colon. */
static bool add_key(struct kenar_writer *writer, const char *key)
{
    const bool first = writer->out->data[writer->out->length - 1] == '{';
    if (!kenar_buffer_reserve(writer->out, strlen(key) + 1))
        return kenar_fault_no_memory(writer->fault);
    if (!first)
        kenar_buffer_put_byte(writer->out, ',');
    kenar_buffer_put(writer->out, key, strlen(key));
    return true;
}

static bool add_text(struct kenar_writer *writer, const char *key, struct kenar_text text)
{
    return add_key(writer, key) && kenar_writer_add_string(writer, text);
}

static bool write_content(struct kenar_writer *writer, const struct message_kind *kind,
                          const struct message *message)
{
    if (message->text.bytes != NULL) {
        if (writer->options->send_type && !add_key(writer, "\"type\":\"TEXT\""))
            return false;
        return add_text(writer, kind->text, message->text) ||
               kenar_writer_prepend(writer, KENAR_NAME_TEXT);
    }
    if (writer->options->empty_text && !add_text(writer, kind->text, (struct kenar_text){"", 0}))
        return false;
    return add_text(writer, "\"media_token\":", message->media_token) ||
           kenar_writer_prepend(writer, KENAR_NAME_MEDIA_TOKEN);
}

/* Writes the grid at the stack index `at`. Writes nothing if it is nil or empty. */
static bool write_grid(struct kenar_writer *writer, int at, enum kenar_name name, const char *key,
                       bool *written)
{
    const size_t before = writer->out->length;
    bool empty = true;
    if (!lua_isnil(writer->L, at)) {
        lua_pushvalue(writer->L, at);
        if (!add_key(writer, key))
            return false;
        if (!kenar_grid_write(writer, lua_gettop(writer->L), &empty))
            return kenar_writer_prepend(writer, name);
        lua_pop(writer->L, 1);
    }
    if (empty)
        writer->out->length = before;
    *written = !empty;
    return true;
}

/* Appends the bytes from `start` on again, under another key. */
static bool repeat(struct kenar_writer *writer, size_t start, const char *key)
{
    const size_t length = writer->out->length - start;
    if (!add_key(writer, key))
        return false;
    if (!kenar_buffer_reserve(writer->out, length))
        return kenar_fault_no_memory(writer->fault);
    kenar_buffer_put(writer->out, writer->out->data + start, length);
    return true;
}

static bool write_grids(struct kenar_writer *writer, const struct message_kind *kind,
                        const struct message *message)
{
    static const char sender[] = "\"sender_buttons\":", receiver[] = "\"receiver_buttons\":";
    const size_t grid =
        writer->out->length + 1 + sizeof sender - 1; /* after the comma and the key */
    bool written;
    if (!kind->has_sides)
        return write_grid(writer, message->both, KENAR_NAME_BOTH_BUTTONS, "\"buttons\":", &written);
    if (!write_grid(writer, message->both, KENAR_NAME_BOTH_BUTTONS, sender, &written))
        return false;
    if (written)
        return repeat(writer, grid, receiver);
    return write_grid(writer, message->sender, KENAR_NAME_SENDER_BUTTONS, sender, &written) &&
           write_grid(writer, message->receiver, KENAR_NAME_RECEIVER_BUTTONS, receiver, &written);
}

static bool write_ids(struct kenar_writer *writer)
{
    const struct kenar_message_options *options = writer->options;
    return (options->conversation_id.bytes == NULL ||
            add_text(writer, "\"conversation_id\":", options->conversation_id)) &&
           (options->user_id.bytes == NULL || add_text(writer, "\"user_id\":", options->user_id));
}

static bool write_message(struct kenar_writer *writer, const struct message_kind *kind, int index)
{
    struct message message = {0};
    return read_message(writer, index, &message) && check_message(writer, kind, &message) &&
           kenar_writer_add(writer, "{") && write_content(writer, kind, &message) &&
           write_grids(writer, kind, &message) && write_ids(writer) &&
           kenar_writer_add(writer, "}");
}

/* Pushes the fault of a whole argument in the form of the encoder's faults. */
static int refuse(lua_State *L, const char *format, const char *got)
{
    lua_pushnil(L);
    lua_pushfstring(L, format, got);
    lua_pushliteral(L, "");
    return 3;
}

/* encode_message(kind, message, options) -> bytes, captionless | nil, message, path
 * `captionless` is true if a button has no caption. */
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
        return refuse(L, "a message must be a table, got %s", kenar_type_name(L, MESSAGE));
    kenar_message_options_read(L, OPTIONS, !kind->has_sides, &options);
    luaL_checkstack(L, DEEPEST, "message");

    struct kenar_json_encoder *encoder = kenar_json_encoder_begin(L);
    struct kenar_writer writer = {
        .L = L,
        .out = &encoder->buffer,
        .conventions = &encoder->conventions,
        .names = lua_touserdata(L, lua_upvalueindex(3)),
        .options = &options,
        .fault = &fault,
    };
    kenar_fault_clear(&fault);
    if (!write_message(&writer, kind, MESSAGE))
        return kenar_json_encoder_fail(L, encoder, &fault);
    kenar_json_encoder_finish(L, encoder);
    lua_pushboolean(L, writer.captionless);
    return 2;
}

/* message_encoder(conventions) -> encode_message
 * The conventions are the options of `codec`. */
static int message_encoder(lua_State *L)
{
    kenar_json_encoder_push(L, 1); /* upvalues 1 and 2 */
    kenar_names_push(L);           /* 3 and 4 */
    lua_pushcclosure(L, encode_message, 4);
    return 1;
}

static const luaL_Reg functions[] = {
    {"message_encoder", message_encoder},
    {NULL, NULL},
};

void kenar_message_open(lua_State *L)
{
    kenar_functions_open(L, functions);
}
