#include "options_lua.h"

#include "daemon.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

static const struct option {
    const char *name;
    enum { ADDRESS, COUNT, BYTES, SECONDS } type;
    size_t offset;
    double least, most;
    const char *expected;
} known_options[] = {
    {"address", ADDRESS, offsetof(struct kenar_server_options, address), 0, 0, "a string"},
    {"port", COUNT, offsetof(struct kenar_server_options, port), 0, 65535,
     "a whole number from 0 to 65535"},
    {"max_body", BYTES, offsetof(struct kenar_server_options, max_body), 0, 1 << 30,
     "a whole number of bytes up to 1 GiB"},
    {"max_connections", COUNT, offsetof(struct kenar_server_options, max_connections), 1,
     KENAR_CONNECTIONS_MAX, "a whole number from 1 to 65535"},
    {"header_timeout", SECONDS, offsetof(struct kenar_server_options, header_timeout), 0.001, 86400,
     "a number of seconds from 0.001 to 86400"},
    {"body_timeout", SECONDS, offsetof(struct kenar_server_options, body_timeout), 0.001, 86400,
     "a number of seconds from 0.001 to 86400"},
    {"idle_timeout", SECONDS, offsetof(struct kenar_server_options, idle_timeout), 0.001, 86400,
     "a number of seconds from 0.001 to 86400"},
};

static const struct option *find_option(const char *name)
{
    for (size_t i = 0; i < sizeof(known_options) / sizeof(known_options[0]); i++) {
        if (strcmp(known_options[i].name, name) == 0)
            return &known_options[i];
    }
    return NULL;
}

static void refuse(lua_State *L, const struct option *option)
{
    luaL_error(L, "option '%s' must be %s", option->name, option->expected);
}

static double check_number(lua_State *L, const struct option *option)
{
    double value = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : NAN;
    if (!(value >= option->least && value <= option->most) ||
        (option->type != SECONDS && value != floor(value)))
        refuse(L, option);
    return value;
}

/* The value is on top of the stack, and stays in the table while the options are in use. */
static void read_option(lua_State *L, const struct option *option,
                        struct kenar_server_options *options)
{
    void *field = (char *)options + option->offset;
    switch (option->type) {
    case ADDRESS:
        if (lua_type(L, -1) != LUA_TSTRING)
            refuse(L, option);
        *(const char **)field = lua_tostring(L, -1);
        break;
    case COUNT:
        *(unsigned *)field = (unsigned)check_number(L, option);
        break;
    case BYTES:
        *(size_t *)field = (size_t)check_number(L, option);
        break;
    case SECONDS:
        *(double *)field = check_number(L, option);
        break;
    }
}

void kenar_options_read(lua_State *L, int index, struct kenar_server_options *options)
{
    lua_pushnil(L);
    while (lua_next(L, index) != 0) { /* name, value */
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
        const struct option *option = name != NULL ? find_option(name) : NULL;
        if (option == NULL)
            luaL_error(L, "unknown option '%s'", name != NULL ? name : luaL_typename(L, -2));
        read_option(L, option, options);
        lua_pop(L, 1);
    }
}
