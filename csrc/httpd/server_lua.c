#include "server_lua.h"

#include "exchange_lua.h"
#include "options_lua.h"
#include "server.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#define SERVER "kenar.httpd.server"

enum { STREAM_LIMIT_MAX = 1 << 30 };

static struct kenar_server *check_server(lua_State *L)
{
    return luaL_checkudata(L, 1, SERVER);
}

/* Clients that keep their connection would otherwise go on using a server that is about to stop. */
static bool answers_close(const struct kenar_server *server)
{
    return server->listener < 0;
}

/* httpd.server{ option = value, ... } -> server | nil, message (names address and port)
 *
 * address: numeric, default "127.0.0.1". port: default 0, a free one. max_body: bytes, default
 * 1 MiB; a larger body is answered 413. max_connections: default 1024; beyond it the connection
 * that has been idle longest makes room, and when none is idle the newcomer waits.
 * In seconds: header_timeout (10) for the first request line and for each whole header,
 * body_timeout (30) for each whole body and for the sending of each answer, idle_timeout (60)
 * between two requests; then the connection is ended, with 408 when a request had begun.
 * A request line and header of more than some 10 KiB are answered 431 (414 when the line alone is
 * too long). Raises for options that are unknown or make no sense. */
static int new_server(lua_State *L)
{
    struct kenar_server_options options = {.address = "127.0.0.1",
                                           .max_body = 1024 * 1024,
                                           .max_connections = 1024,
                                           .header_timeout = 10,
                                           .body_timeout = 30,
                                           .idle_timeout = 60};
    char message[256];
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    kenar_options_read(L, 1, &options);
    struct kenar_server *server = lua_newuserdata(L, sizeof(*server));
    memset(server, 0, sizeof(*server));
    luaL_setmetatable(L, SERVER);
    if (!kenar_server_open(server, &options, message, sizeof(message))) {
        lua_pushnil(L);
        lua_pushstring(L, message);
        return 2;
    }
    return 1;
}

/* server:port() -> the port; also after close. */
static int server_port(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_server(L)->port);
    return 1;
}

/* server:fd() -> a descriptor that is readable when the server must be run; nil when closed. */
static int server_fd(lua_State *L)
{
    const struct kenar_server *server = check_server(L);
    if (!server->opened)
        return 0;
    lua_pushinteger(L, server->daemon.poller);
    return 1;
}

/* server:run() -> seconds until it must be run again though the descriptor is not readable, or nil:
 * only when it is. Does what there is to do and never waits. 0 when requests wait to be taken;
 * after those have been answered it must be run again. */
static int run(lua_State *L)
{
    double wait = kenar_server_run(check_server(L));
    if (wait == HUGE_VAL)
        return 0;
    lua_pushnumber(L, wait);
    return 1;
}

/* server:next() -> id, request, or nil when none is complete. The request is a table:
 * method, path (percent-encoded as sent), query (raw; nil without a "?"), headers (names in lower
 * case; repeated ones joined by ", "), body (a string), remote_addr (numeric), repeated (nil, or
 * how often headers came that came more than once: { authorization = 2 }). */
static int next(lua_State *L)
{
    struct kenar_server *server = check_server(L);
    const struct kenar_connection *connection = kenar_server_next(server);
    if (connection == NULL)
        return 0;
    lua_pushinteger(L, (lua_Integer)connection->peer.id);
    kenar_exchange_push_request(L, connection);
    /* Last, so that a request is not lost when memory is short. */
    kenar_server_take(server);
    return 2;
}

/* server:respond(id, status [, headers [, body [, options]]]) -> true, or false when the client is
 * gone or the request was answered before. May come at any time; a client that left is noticed only
 * when its request waited for longer than a turn. Raises for a status that is not 200..599 and for
 * headers with line breaks; the request can then still be answered. Content-Length,
 * Transfer-Encoding and Connection (but "close") in `headers` are passed over: framing is the
 * server's. options = { cut = bytes }: the connection is closed after so many bytes of the body,
 * less than Content-Length says (for tests of clients). */
static int respond(lua_State *L)
{
    struct kenar_server *server = check_server(L);
    lua_Integer id = luaL_checkinteger(L, 2);
    lua_Integer status = luaL_checkinteger(L, 3);
    luaL_argcheck(L, status >= 200 && status <= 599, 3, "status must be from 200 to 599");
    lua_settop(L, 6);
    if (!server->opened) {
        lua_pushboolean(L, 0);
        return 1;
    }
    struct kenar_response *response =
        kenar_exchange_check_response(L, 4, &server->draft, &server->cache, answers_close(server));
    lua_pushboolean(L, kenar_server_respond(server, id, (unsigned)status, response));
    return 1;
}

/* server:abort(id, how) -> true, or false as respond does. Closes the connection without a byte of
 * answer: "close" in an orderly way, "reset" so that the client sees it break. */
static int abort_request(lua_State *L)
{
    static const char *const ways[] = {"close", "reset", NULL};
    struct kenar_server *server = check_server(L);
    lua_Integer id = luaL_checkinteger(L, 2);
    bool reset = luaL_checkoption(L, 3, NULL, ways) == 1;
    lua_pushboolean(L, server->opened && kenar_server_abort(server, id, reset));
    return 1;
}

/* server:stream(id, status, headers, limit) -> true, or false as respond does. Answers with a body
 * whose bytes come later, by `write`, for as long as the client stays; the time for sending an
 * answer does not count. At most `limit` bytes that the client has not taken are kept. */
static int start_stream(lua_State *L)
{
    struct kenar_server *server = check_server(L);
    lua_Integer id = luaL_checkinteger(L, 2);
    lua_Integer status = luaL_checkinteger(L, 3);
    luaL_argcheck(L, status >= 200 && status <= 599, 3, "status must be from 200 to 599");
    lua_Integer limit = luaL_checkinteger(L, 5);
    luaL_argcheck(L, limit >= 1 && limit <= STREAM_LIMIT_MAX, 5, "limit must be from 1 to 1 GiB");
    enum kenar_stream_result result = KENAR_STREAM_GONE;
    if (server->opened) {
        kenar_exchange_check_draft(L, 4, &server->draft, answers_close(server));
        result = kenar_server_stream(server, id, (unsigned)status, &server->draft, (size_t)limit);
    }
    if (result == KENAR_STREAM_NO_MEMORY)
        luaL_error(L, "out of memory or descriptors");
    lua_pushboolean(L, result == KENAR_STREAM_OPEN);
    return 1;
}

/* server:write(id, bytes) -> true; false, "ended" when the stream is over; false, "full" when they
 * would pass its limit: none of them is then taken. */
static int write_stream(lua_State *L)
{
    struct kenar_server *server = check_server(L);
    size_t count;
    const char *bytes = luaL_checklstring(L, 3, &count);
    struct kenar_stream *stream =
        server->opened ? kenar_server_find_stream(server, luaL_checkinteger(L, 2)) : NULL;
    if (stream != NULL && !stream->left && kenar_stream_write(stream, bytes, count)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_pushstring(L, stream != NULL && !stream->left ? "full" : "ended");
    return 2;
}

/* server:finish(id) ends a stream once the client has taken what was written. */
static int finish_stream(lua_State *L)
{
    struct kenar_server *server = check_server(L);
    struct kenar_stream *stream =
        server->opened ? kenar_server_find_stream(server, luaL_checkinteger(L, 2)) : NULL;
    if (stream != NULL)
        kenar_stream_finish(stream);
    return 0;
}

/* server:ended() -> the id of a stream that is over, well or because its client left; each comes
 * once. nil when there is none. To be asked after run. */
static int ended_stream(lua_State *L)
{
    struct kenar_server *server = check_server(L);
    int64_t id = server->opened ? kenar_streams_take_over(&server->streams) : 0;
    if (id == 0)
        return 0;
    lua_pushinteger(L, (lua_Integer)id);
    return 1;
}

/* server:count() -> connections, requests without an answer, answers not yet written whole. */
static int count(lua_State *L)
{
    const struct kenar_server *server = check_server(L);
    lua_pushinteger(L, (lua_Integer)server->connections.open);
    lua_pushinteger(L, (lua_Integer)server->daemon.waiting);
    lua_pushinteger(L, (lua_Integer)kenar_server_sending(server));
    return 3;
}

/* server:stop_listening() closes the listening socket. Open connections go on until their next
 * answer. */
static int stop_listening(lua_State *L)
{
    kenar_server_stop_listening(check_server(L));
    return 0;
}

/* server:close() answers 503 to what waits, closes all connections and frees everything. May be
 * called again; collecting the server does the same. */
static int close_server(lua_State *L)
{
    kenar_server_close(check_server(L));
    return 0;
}

static int to_string(lua_State *L)
{
    const struct kenar_server *server = check_server(L);
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
    {"abort", abort_request},
    /* answers that go on */
    {"stream", start_stream},
    {"write", write_stream},
    {"finish", finish_stream},
    {"ended", ended_stream},
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

void kenar_server_class_open(lua_State *L)
{
    luaL_newmetatable(L, SERVER);
    luaL_setfuncs(L, metamethods, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    kenar_exchange_push_keys(L);
    lua_pushcclosure(L, next, KENAR_REQUEST_KEYS);
    lua_setfield(L, -2, "next");
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, SERVER);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    lua_pushcfunction(L, new_server);
    lua_setfield(L, -2, "server");
}
