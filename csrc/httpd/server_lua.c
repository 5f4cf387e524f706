#include "server_lua.h"

#include "exchange_lua.h"
#include "server.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#define SERVER "kenar.httpd.server"

static struct server *check_server(lua_State *L)
{
    return luaL_checkudata(L, 1, SERVER);
}

/* Options */

static const struct option {
    const char *name;
    enum { ADDRESS, COUNT, BYTES, SECONDS } type;
    size_t offset;
    double least, most;
    const char *expected;
} known_options[] = {
    {"address", ADDRESS, offsetof(struct server_options, address), 0, 0, "a string"},
    {"port", COUNT, offsetof(struct server_options, port), 0, 65535,
     "a whole number from 0 to 65535"},
    {"max_body", BYTES, offsetof(struct server_options, max_body), 0, 1 << 30,
     "a whole number of bytes up to 1 GiB"},
    {"max_connections", COUNT, offsetof(struct server_options, max_connections), 1, CONNECTIONS_MAX,
     "a whole number from 1 to 65535"},
    {"header_timeout", SECONDS, offsetof(struct server_options, header_timeout), 0.001, 86400,
     "a number of seconds from 0.001 to 86400"},
    {"body_timeout", SECONDS, offsetof(struct server_options, body_timeout), 0.001, 86400,
     "a number of seconds from 0.001 to 86400"},
    {"idle_timeout", SECONDS, offsetof(struct server_options, idle_timeout), 0.001, 86400,
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
static void read_option(lua_State *L, const struct option *option, struct server_options *options)
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

static void read_options(lua_State *L, int index, struct server_options *options)
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

int server_lua_new(lua_State *L)
{
    struct server_options options = {.address = "127.0.0.1",
                                     .max_body = 1024 * 1024,
                                     .max_connections = 1024,
                                     .header_timeout = 10,
                                     .body_timeout = 30,
                                     .idle_timeout = 60};
    char message[256];
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    read_options(L, 1, &options);
    struct server *server = lua_newuserdata(L, sizeof(*server));
    memset(server, 0, sizeof(*server));
    luaL_setmetatable(L, SERVER);
    if (!server_open(server, &options, message, sizeof(message))) {
        lua_pushnil(L);
        lua_pushstring(L, message);
        return 2;
    }
    return 1;
}

/* Methods */

static int server_port(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_server(L)->port);
    return 1;
}

static int server_fd(lua_State *L)
{
    const struct server *server = check_server(L);
    if (!server->opened)
        return 0;
    lua_pushinteger(L, server->poller);
    return 1;
}

static int run(lua_State *L)
{
    double wait = server_run(check_server(L));
    if (wait == HUGE_VAL)
        return 0;
    lua_pushnumber(L, wait);
    return 1;
}

static int next(lua_State *L)
{
    struct server *server = check_server(L);
    const struct connection *connection = server_next(server);
    if (connection == NULL)
        return 0;
    lua_pushinteger(L, (lua_Integer)connection->id);
    exchange_lua_push_request(L, connection);
    /* Last, so that a request is not lost when memory is short. */
    server_take(server);
    return 2;
}

static int respond(lua_State *L)
{
    struct server *server = check_server(L);
    lua_Integer id = luaL_checkinteger(L, 2);
    lua_Integer status = luaL_checkinteger(L, 3);
    luaL_argcheck(L, status >= 200 && status <= 599, 3, "status must be from 200 to 599");
    lua_settop(L, 5);
    if (!server->opened) {
        lua_pushboolean(L, 0);
        return 1;
    }
    struct response *response = exchange_lua_check_response(L, server, 4, 5);
    lua_pushboolean(L, server_respond(server, id, (unsigned)status, response));
    return 1;
}

static int count(lua_State *L)
{
    const struct server *server = check_server(L);
    lua_pushinteger(L, (lua_Integer)server->connections.open);
    lua_pushinteger(L, (lua_Integer)server->waiting);
    lua_pushinteger(L, (lua_Integer)server_sending(server));
    return 3;
}

static int stop_listening(lua_State *L)
{
    server_stop_listening(check_server(L));
    return 0;
}

static int close_server(lua_State *L)
{
    server_close(check_server(L));
    return 0;
}

static int to_string(lua_State *L)
{
    const struct server *server = check_server(L);
    if (server->opened)
        lua_pushfstring(L, SERVER " (port %d)", (int)server->port);
    else
        lua_pushliteral(L, SERVER " (closed)");
    return 1;
}

static const luaL_Reg methods[] = {
    /* where and when */
    {"port", server_port},
    {"fd", server_fd},
    {"run", run},
    {"count", count},
    /* requests; `next` is added with its upvalues */
    {"respond", respond},
    /* the end */
    {"stop_listening", stop_listening},
    {"close", close_server},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", close_server},
    {"__close", close_server},
    {"__tostring", to_string},
    {NULL, NULL},
};

void server_lua_open(lua_State *L)
{
    luaL_newmetatable(L, SERVER);
    luaL_setfuncs(L, metamethods, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    exchange_lua_push_keys(L);
    lua_pushcclosure(L, next, REQUEST_KEYS);
    lua_setfield(L, -2, "next");
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, SERVER);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
