#include "pool_lua.h"
#include <math.h>
#include <string.h>

#define DEFAULT_TIMEOUT 30.0
#define DEFAULT_CONNECT_TIMEOUT 10.0
#define DEFAULT_MAX_BODY (1024 * 1024)

/* The field `name` of the table at `index`, or `absent` if it is nil. Raises if it is not above
 * 0. */
static double number_field(lua_State *L, int index, const char *name, double absent)
{
    double value = absent;
    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1)) {
        value = lua_isnumber(L, -1) ? lua_tonumber(L, -1) : NAN;
        if (!(value > 0)) {
            luaL_error(L, "%s is a number above 0", name);
        }
    }
    lua_pop(L, 1);
    return value;
}

static long milliseconds(double seconds)
{
    return seconds >= 1e6 ? 1000 * 1000 * 1000 : (long)ceil(seconds * 1e3);
}

/* Accepts upper-case letters only, so that a method cannot end the request line early. */
static void read_method(lua_State *L, int index, struct kenar_request *request)
{
    size_t length = 3;
    const char *method = "GET";
    lua_getfield(L, index, "method");
    if (!lua_isnil(L, -1)) {
        method = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
        if (strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != length || length == 0 ||
            length >= sizeof request->method) {
            luaL_error(L, "method is a word in upper case");
        }
    }
    memcpy(request->method, method, length + 1);
    lua_pop(L, 1);
}

static bool read_url(lua_State *L, int index, struct kenar_request *request, bool insecure_http)
{
    size_t length;
    const char *url, *fault;
    struct kenar_target target = {false, false};
    lua_getfield(L, index, "url");
    if (lua_type(L, -1) != LUA_TSTRING) {
        luaL_error(L, "url is a string");
    }
    url = lua_tolstring(L, -1, &length);
    /* Compared with its NUL, as libcurl reads it. Most slots repeat the URL of their last
     * request. */
    if (!kenar_bytes_equal(&request->url, url, length + 1)) {
        fault = kenar_target_read(url, length, &target);
        if (fault == NULL && !target.encrypted && !target.loopback && !insecure_http) {
            fault = "http:// to another machine is not encrypted: use https://";
        }
        if (fault != NULL) {
            lua_pushstring(L, fault);
            return false;
        }
        if (!kenar_bytes_assign(&request->url, url, length + 1)) {
            luaL_error(L, "out of memory");
        }
        request->target = target;
    }
    lua_pop(L, 1);
    return true;
}

/* Reads one part of a body: a string or { path =, size = }. Its string is stored in the table
 * `keep`. */
static void read_part(lua_State *L, int keep, int *kept, struct kenar_upload_part *part)
{
    size_t length;
    if (lua_type(L, -1) == LUA_TSTRING) {
        part->bytes = lua_tolstring(L, -1, &length);
        part->size = length;
        lua_pushvalue(L, -1);
    } else if (lua_istable(L, -1)) {
        double size = number_field(L, lua_gettop(L), "size", -1);
        part->size = size < 0 ? KENAR_UPLOAD_SIZE_UNKNOWN : (uint64_t)size;
        lua_getfield(L, -1, "path");
        part->path = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
        if (part->path == NULL || strlen(part->path) != length) {
            luaL_error(L, "a file part of the body has a path without NUL");
        }
    } else {
        luaL_error(L, "a part of the body is a string or { path = }, not a %s",
                   luaL_typename(L, -1));
    }
    lua_rawseti(L, keep, ++*kept);
}

static bool read_parts(lua_State *L, int list, struct kenar_request *request)
{
    int count = (int)lua_rawlen(L, list);
    int kept = 0;
    int keep;
    size_t failed_part = 0;
    const char *why = NULL;
    struct kenar_upload *upload = kenar_upload_new((size_t)count);
    request->upload = upload; /* the transfer owns it, so an error below leaks nothing */
    if (upload == NULL) {
        luaL_error(L, "out of memory");
    }
    lua_createtable(L, count, 0);
    keep = lua_gettop(L);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, list, i + 1);
        read_part(L, keep, &kept, &upload->parts[i]);
        lua_pop(L, 1);
    }
    if (!kenar_upload_measure(upload, &failed_part, &why)) {
        lua_pushfstring(L, "%s: %s", upload->parts[failed_part].path, why);
        return false;
    }
    return true;
}

/* Pushes the value that keeps the body alive, or a message if it cannot be sent. */
static bool read_body(lua_State *L, int index, struct kenar_request *request)
{
    lua_getfield(L, index, "body");
    if (lua_isnil(L, -1)) {
        return true;
    }
    if (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0) {
        luaL_error(L, "%s takes no body", request->method);
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        request->body = lua_tolstring(L, -1, &request->body_length);
        return true;
    }
    if (!lua_istable(L, -1)) {
        luaL_error(L, "body is a string or a list of strings and files, not a %s",
                   luaL_typename(L, -1));
    }
    return read_parts(L, lua_gettop(L), request);
}

bool kenar_request_read(lua_State *L, int index, int headers, struct kenar_transfer *transfer,
                        bool insecure_http)
{
    struct kenar_request *request = &transfer->request;
    double max_body;
    read_method(L, index, request);
    request->timeout_ms = milliseconds(number_field(L, index, "timeout", DEFAULT_TIMEOUT));
    request->connect_timeout_ms =
        milliseconds(number_field(L, index, "connect_timeout", DEFAULT_CONNECT_TIMEOUT));
    max_body = number_field(L, index, "max_body", DEFAULT_MAX_BODY);
    request->max_body = max_body >= 1e15 ? (size_t)1e15 : (size_t)max_body;
    lua_getfield(L, index, "fresh");
    request->fresh = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (!read_url(L, index, request, insecure_http)) {
        return false;
    }
    if (lua_isnil(L, headers)) {
        lua_getfield(L, index, "headers");
        headers = lua_gettop(L);
    }
    request->headers = kenar_headers_push(L, headers);
    if (request->headers == NULL) {
        return false;
    }
    kenar_header_list_retain(request->headers);
    return read_body(L, index, request);
}
