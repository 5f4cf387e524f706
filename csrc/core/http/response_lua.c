#include "core.h"

#include "class.h"
#include "http/response.h"

#define METATABLE "kenar.http_response"

enum { DEFAULT_MAX_BODY = 1024 * 1024, DEFAULT_MAX_HEAD = 128 * 1024 };

static struct kenar_http_response *check_response(lua_State *L)
{
    return luaL_checkudata(L, 1, METATABLE);
}

static size_t size_field(lua_State *L, int options, const char *name, size_t absent)
{
    lua_getfield(L, options, name);
    size_t size = absent;
    if (!lua_isnil(L, -1)) {
        const lua_Number number = lua_isnumber(L, -1) ? lua_tonumber(L, -1) : -1;
        if (!(number >= 0))
            luaL_error(L, "%s is a number of bytes, 0 or more", name);
        size = number < 1e15 ? (size_t)number : (size_t)1e15;
    }
    lua_pop(L, 1);
    return size;
}

static void begin(lua_State *L, struct kenar_http_response *response, int options)
{
    size_t length = 0;
    luaL_checktype(L, options, LUA_TTABLE);
    const size_t max_body = size_field(L, options, "max_body", DEFAULT_MAX_BODY);
    const size_t max_head = size_field(L, options, "max_head", DEFAULT_MAX_HEAD);
    lua_getfield(L, options, "method");
    const char *method = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
    kenar_http_response_begin(response, max_head, max_body,
                              length == 4 && memcmp(method, "HEAD", 4) == 0);
    lua_pop(L, 1);
}

/* http_response { max_body =, max_head =, method = } -> response
 * The limits are in bytes (1 MiB, 128 KiB). `method` is the request's, because an answer to HEAD
 * has no body. */
static int new_response(lua_State *L)
{
    struct kenar_http_response *response = lua_newuserdatauv(L, sizeof *response, 0);
    memset(response, 0, sizeof *response);
    luaL_getmetatable(L, METATABLE);
    lua_setmetatable(L, -2);
    begin(L, response, 1);
    return 1;
}

/* response:begin { max_body =, max_head =, method = }
 * Prepares for the next answer. */
static int response_begin(lua_State *L)
{
    begin(L, check_response(L), 2);
    return 0;
}

static int push_progress(lua_State *L, const struct kenar_http_response *response,
                         enum kenar_http_progress progress)
{
    if (progress != KENAR_HTTP_FAILED) {
        lua_pushstring(L, progress == KENAR_HTTP_DONE ? "done" : "more");
        return 1;
    }
    if (response->fault == KENAR_HTTP_NO_MEMORY)
        return luaL_error(L, "%s", response->message);
    lua_pushnil(L);
    lua_pushstring(L, response->fault == KENAR_HTTP_TOO_LARGE ? "too_large" : "network");
    lua_pushstring(L, response->message);
    return 3;
}

/* response:feed(bytes) -> "more" | "done" | nil, "network" | "too_large", message */
static int response_feed(lua_State *L)
{
    struct kenar_http_response *response = check_response(L);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    return push_progress(L, response, kenar_http_response_feed(response, bytes, length));
}

/* response:close() -> "done" | nil, kind, message
 * The connection has ended. */
static int response_close(lua_State *L)
{
    struct kenar_http_response *response = check_response(L);
    return push_progress(L, response, kenar_http_response_end(response));
}

/* response:status() -> number | nil before the status line */
static int response_status(lua_State *L)
{
    const int status = kenar_http_response_status(check_response(L));
    if (status == 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, status);
    return 1;
}

/* response:result() -> status, body, fields, keeps_connection
 * For a complete answer. http_headers reads `fields`; most callers do not need them. */
static int response_result(lua_State *L)
{
    const struct kenar_http_response *response = check_response(L);
    const struct kenar_buffer *body = &response->body, *fields = &response->fields;
    lua_pushinteger(L, kenar_http_response_status(response));
    lua_pushlstring(L, body->length > 0 ? body->data : "", body->length);
    lua_pushlstring(L, fields->length > 0 ? fields->data : "", fields->length);
    lua_pushboolean(L, kenar_http_response_keeps_alive(response));
    return 4;
}

/* http_headers(fields) -> map with lower-case names
 * Values of a repeated name are joined by ", " in their order. */
static int read_headers(lua_State *L)
{
    struct kenar_http_field field;
    size_t length, cursor = 0;
    const char *fields = luaL_checklstring(L, 1, &length);
    lua_newtable(L);
    while (kenar_http_next_field(fields, length, &cursor, &field)) {
        lua_pushlstring(L, field.name, field.name_length);
        lua_pushvalue(L, -1);
        lua_rawget(L, -3); /* table, name, earlier value or nil */
        const bool is_repeated = !lua_isnil(L, -1);
        if (is_repeated)
            lua_pushliteral(L, ", ");
        else
            lua_pop(L, 1);
        lua_pushlstring(L, field.value, field.value_length);
        if (is_repeated)
            lua_concat(L, 3);
        lua_rawset(L, -3);
    }
    return 1;
}

static int response_gc(lua_State *L)
{
    kenar_http_response_free(check_response(L));
    return 0;
}

static int response_tostring(lua_State *L)
{
    lua_pushfstring(L, "%s: %d", METATABLE, kenar_http_response_status(check_response(L)));
    return 1;
}

static const luaL_Reg methods[] = {
    {"begin", response_begin},         {"feed", response_feed},
    {"close", response_close},         {"status", response_status},
    {"result", response_result},       {"__gc", response_gc},
    {"__tostring", response_tostring}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"http_response", new_response},
    {"http_headers", read_headers},
    {NULL, NULL},
};

void kenar_http_response_open(lua_State *L)
{
    kenar_class_open(L, METATABLE, methods);
    kenar_functions_open(L, functions);
}
