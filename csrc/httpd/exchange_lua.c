#include "exchange_lua.h"

#include "field.h"

#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define WHOLE SIZE_MAX

/* In the order of the upvalues: keys that are there already need not be looked up for every
 * request. */
enum request_key { METHOD = 1, PATH, QUERY, HEADERS, BODY, REMOTE_ADDR, REPEATED };
static const char *const request_keys[KENAR_REQUEST_KEYS] = {
    "method", "path", "query", "headers", "body", "remote_addr", "repeated"};

void kenar_exchange_push_keys(lua_State *L)
{
    for (int i = 0; i < KENAR_REQUEST_KEYS; i++)
        lua_pushstring(L, request_keys[i]);
}

static void set(lua_State *L, enum request_key key, const char *bytes, size_t length)
{
    lua_pushvalue(L, lua_upvalueindex((int)key));
    lua_pushlstring(L, bytes, length);
    lua_rawset(L, -3);
}

static void push_name(lua_State *L, const struct kenar_field *field)
{
    char lower[KENAR_FIELD_NAME_MAX];
    kenar_field_name_lower(lower, field->name, field->name_length);
    lua_pushlstring(L, lower, field->name_length);
}

/* The headers table is on top. A repeated field is appended to what is there. */
static void set_field(lua_State *L, const struct kenar_field *field)
{
    push_name(L, field); /* headers, name */
    if (field->repeated) {
        lua_pushvalue(L, -1);
        lua_rawget(L, -3);
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, field->value, field->value_length);
        lua_concat(L, 3);
    } else {
        lua_pushlstring(L, field->value, field->value_length);
    }
    lua_rawset(L, -3);
}

static void push_headers(lua_State *L, const struct kenar_request *request)
{
    lua_createtable(L, 0, (int)request->field_count);
    for (size_t i = 0; i < request->field_count; i++)
        set_field(L, &request->fields[i]);
}

/* How often each repeated field came: { authorization = 2 }. */
static void push_repeated(lua_State *L, const struct kenar_request *request)
{
    lua_createtable(L, 0, 1);
    for (size_t i = 0; i < request->field_count; i++) {
        if (!request->fields[i].repeated)
            continue;
        push_name(L, &request->fields[i]); /* repeated, name */
        lua_pushvalue(L, -1);
        lua_rawget(L, -3); /* repeated, name, count or nil */
        lua_Integer count = lua_isnil(L, -1) ? 1 : lua_tointeger(L, -1);
        lua_pop(L, 1);
        lua_pushinteger(L, count + 1);
        lua_rawset(L, -3);
    }
}

void kenar_exchange_push_request(lua_State *L, const struct kenar_connection *connection)
{
    const struct kenar_request *request = &connection->request;
    struct kenar_slice path = kenar_request_path(request), query = kenar_request_query(request);
    lua_createtable(L, 0, KENAR_REQUEST_KEYS);
    set(L, METHOD, request->method, strlen(request->method));
    set(L, PATH, path.bytes, path.length);
    if (query.bytes != NULL)
        set(L, QUERY, query.bytes, query.length);
    lua_pushvalue(L, lua_upvalueindex(HEADERS));
    push_headers(L, request);
    lua_rawset(L, -3);
    set(L, BODY, request->body_length > 0 ? request->body : "", request->body_length);
    set(L, REMOTE_ADDR, connection->remote_address, strlen(connection->remote_address));
    if (request->has_repeated) {
        lua_pushvalue(L, lua_upvalueindex(REPEATED));
        push_repeated(L, request);
        lua_rawset(L, -3);
    }
}

/* The name of the field is at -2, its value at -1. */
static void check_field(lua_State *L, int headers, struct kenar_draft *draft)
{
    if (lua_type(L, -2) != LUA_TSTRING)
        luaL_argerror(L, headers, "names of headers must be strings");
    size_t name_length, value_length;
    const char *name = lua_tolstring(L, -2, &name_length);
    const char *value = lua_tolstring(L, -1, &value_length);
    if (value == NULL)
        luaL_argerror(
            L, headers,
            lua_pushfstring(L, "header '%s' must be a string, got %s", name, luaL_typename(L, -1)));
    switch (kenar_draft_add_field(draft, name, name_length, value, value_length)) {
    case KENAR_DRAFT_OK:
        break;
    case KENAR_DRAFT_BAD_NAME:
        luaL_argerror(L, headers, lua_pushfstring(L, "'%s' is not the name of a header", name));
        break;
    case KENAR_DRAFT_BAD_VALUE:
        luaL_argerror(L, headers,
                      lua_pushfstring(L, "header '%s' holds a line break or a zero byte", name));
        break;
    case KENAR_DRAFT_TOO_LONG:
        luaL_argerror(L, headers,
                      lua_pushfstring(L, "headers are longer than %d bytes together",
                                      KENAR_ANSWER_FIELDS_MAX));
        break;
    case KENAR_DRAFT_NO_MEMORY:
        luaL_error(L, "out of memory");
    }
}

/* The option `cut`: how many bytes of the body are sent; WHOLE when all of it is. */
static size_t check_cut(lua_State *L, int options, size_t body_length)
{
    if (lua_isnoneornil(L, options))
        return WHOLE;
    luaL_checktype(L, options, LUA_TTABLE);
    lua_getfield(L, options, "cut");
    double cut = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    bool given = !lua_isnil(L, -1);
    lua_pop(L, 1);
    if (given && !(cut >= 0 && cut < (double)body_length && cut == floor(cut)))
        luaL_argerror(L, options, "cut must be a whole number of bytes less than the body has");
    return given ? (size_t)cut : WHOLE;
}

void kenar_exchange_check_draft(lua_State *L, int headers, struct kenar_draft *draft, bool close)
{
    kenar_draft_start(draft);
    draft->close = close;
    if (!lua_isnoneornil(L, headers)) {
        luaL_checktype(L, headers, LUA_TTABLE);
        lua_pushnil(L);
        while (lua_next(L, headers) != 0) { /* name, value */
            check_field(L, headers, draft);
            lua_pop(L, 1);
        }
    }
}

struct kenar_response *kenar_exchange_check_response(lua_State *L, int headers,
                                                     struct kenar_draft *draft,
                                                     struct kenar_response_cache *cache, bool close)
{
    int body = headers + 1, options = headers + 2;
    size_t body_length = 0;
    const char *bytes = luaL_optlstring(L, body, "", &body_length);
    kenar_exchange_check_draft(L, headers, draft, close);
    size_t cut = check_cut(L, options, body_length);
    struct kenar_response *response = cut == WHOLE
                                          ? kenar_response_make(cache, draft, bytes, body_length)
                                          : kenar_response_make_cut(draft, bytes, body_length, cut);
    if (response == NULL)
        luaL_error(L, "out of memory");
    return response;
}
