#include "message/options_lua.h"

#include "text/utf8.h"

#include <string.h>

enum option_type { TEXT, FLAG, ICON_KEY, EMPTY };

static const struct option {
    const char *name;
    enum option_type type;
    size_t offset;
} known_options[] = {
    {"via", TEXT, offsetof(struct kenar_message_options, via)},
    {"state", TEXT, offsetof(struct kenar_message_options, state)},
    {"conversation_id", TEXT, offsetof(struct kenar_message_options, conversation_id)},
    {"user_id", TEXT, offsetof(struct kenar_message_options, user_id)},
    {"strict_icons", FLAG, offsetof(struct kenar_message_options, strict_icons)},
    {"strict_captions", FLAG, offsetof(struct kenar_message_options, strict_captions)},
    {"send_type", FLAG, offsetof(struct kenar_message_options, send_type)},
    {"icon_key", ICON_KEY, offsetof(struct kenar_message_options, icon_key)},
    {"text_with_media", EMPTY, offsetof(struct kenar_message_options, empty_text)},
};

/* In the order of enum kenar_icon_key. */
static const char *const icon_keys[] = {"icon", "icon_name", "both", "as_given"};

static const struct option *find_option(const char *name)
{
    for (size_t i = 0; i < sizeof(known_options) / sizeof(known_options[0]); i++) {
        if (strcmp(known_options[i].name, name) == 0)
            return &known_options[i];
    }
    return NULL;
}

/* Raises at the caller of message.encode, which is the caller of this C function. */
static void refuse(lua_State *L, const char *format, const char *name, const char *detail)
{
    luaL_where(L, 2);
    lua_pushfstring(L, format, name, detail);
    lua_concat(L, 2);
    lua_error(L);
}

static void check_type(lua_State *L, const struct option *option, int type, const char *wanted)
{
    if (lua_type(L, -1) != type)
        refuse(L, "option '%s' must be %s", option->name, wanted);
}

/* Reads the option whose value is on top of the stack. */
static void read_option(lua_State *L, const struct option *option, char *options)
{
    switch (option->type) {
    case TEXT: {
        check_type(L, option, LUA_TSTRING, "a string");
        struct kenar_text *text = (void *)(options + option->offset);
        text->bytes = lua_tolstring(L, -1, &text->length);
        if (kenar_utf8_valid_prefix(text->bytes, text->length) != text->length)
            refuse(L, "option '%s' must be %s", option->name, "valid UTF-8");
        break;
    }
    case FLAG:
        check_type(L, option, LUA_TBOOLEAN, "a boolean");
        *(bool *)(options + option->offset) = lua_toboolean(L, -1);
        break;
    case EMPTY:
        check_type(L, option, LUA_TSTRING, "\"empty\"");
        if (strcmp(lua_tostring(L, -1), "empty") != 0)
            refuse(L, "option '%s' must be %s", option->name, "\"empty\" or nil");
        *(bool *)(options + option->offset) = true;
        break;
    case ICON_KEY: {
        check_type(L, option, LUA_TSTRING, "a string");
        const char *key = lua_tostring(L, -1);
        size_t i = 0;
        while (i < sizeof(icon_keys) / sizeof(icon_keys[0]) && strcmp(icon_keys[i], key) != 0)
            i++;
        if (i == sizeof(icon_keys) / sizeof(icon_keys[0]))
            refuse(L, "option '%s' must be %s", option->name,
                   "\"icon\", \"icon_name\", \"both\" or \"as_given\"");
        *(enum kenar_icon_key *)(void *)(options + option->offset) = (enum kenar_icon_key)i;
        break;
    }
    }
}

void kenar_message_options_read(lua_State *L, int index, bool bot,
                                struct kenar_message_options *options)
{
    *options = (struct kenar_message_options){.icon_key = KENAR_ICON, .send_type = true};
    if (lua_isnoneornil(L, index))
        return;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "(not a name)";
        const struct option *option = find_option(name);
        if (option == NULL)
            refuse(L, "unknown option '%s'%s", name, "");
        else
            read_option(L, option, (char *)options);
        lua_pop(L, 1);
    }
    if (!bot && (options->conversation_id.bytes != NULL || options->user_id.bytes != NULL))
        refuse(L, "option '%s' %s",
               options->conversation_id.bytes != NULL ? "conversation_id" : "user_id",
               "is for kind \"bot\" only");
}
