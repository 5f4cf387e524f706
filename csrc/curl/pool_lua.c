#include "pool_lua.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POOL "kenar.pool"
#define MAX_WATCHED 16

/* The user value of a pool is a table from slot + 1 to the value that keeps a transfer's body
 * alive. Empty slots have `false`, because holes would turn the array into a hash. */

static struct kenar_pool *check_pool(lua_State *L)
{
    return luaL_checkudata(L, 1, POOL);
}

static struct kenar_pool *check_own_pool(lua_State *L)
{
    struct kenar_pool *pool = check_pool(L);
    if (pool->owner != getpid()) {
        luaL_error(
            L,
            "this pool was made before a fork and belongs to the parent: make one in each process");
    }
    return pool;
}

static char *copy_string(lua_State *L, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        luaL_error(L, "out of memory");
    }
    return copy;
}

/* Reads one option. Its value is on top of the stack. */
static void read_option(lua_State *L, const char *name, struct kenar_settings *settings)
{
    if (strcmp(name, "max_transfers") == 0) {
        double count = lua_isnumber(L, -1) ? lua_tonumber(L, -1) : 0;
        luaL_argcheck(L, count >= 1 && count <= 100000, 1,
                      "max_transfers is a number from 1 to 100000");
        settings->max_transfers = (size_t)count;
    } else if (strcmp(name, "idle") == 0) {
        settings->idle = lua_isnumber(L, -1) ? lua_tonumber(L, -1) : 0;
        luaL_argcheck(L, settings->idle > 0 && settings->idle < 1e6, 1,
                      "idle is a number of seconds above 0");
    } else if (strcmp(name, "http2") == 0) {
        settings->http2 = lua_toboolean(L, -1);
    } else if (strcmp(name, "insecure_http") == 0) {
        settings->insecure_http = lua_toboolean(L, -1);
    } else if (strcmp(name, "proxy") == 0) {
        bool off = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
        luaL_argcheck(L, off || lua_type(L, -1) == LUA_TSTRING, 1, "proxy is a URL or false");
        settings->proxy = copy_string(L, off ? "" : lua_tostring(L, -1));
    } else if (strcmp(name, "ca_file") == 0) {
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "ca_file is a path");
        settings->ca_file = copy_string(L, lua_tostring(L, -1));
    } else {
        luaL_error(L, "unknown option of a pool: %s", name);
    }
}

/* curl.pool { max_transfers = 64, idle = 30, http2 = false, proxy = nil | false | url, ca_file =,
 * insecure_http = false } -> pool
 * Without `proxy` the environment decides. Loopback addresses never use a proxy. */
static int new_pool(lua_State *L)
{
    struct kenar_pool *pool;
    const struct kenar_settings settings = {.max_transfers = 64, .idle = 30};
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    pool = lua_newuserdatauv(L, sizeof *pool, 1);
    memset(pool, 0, sizeof *pool);
    kenar_pool_open(pool, &settings);
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
    luaL_getmetatable(L, POOL);
    lua_setmetatable(L, -2);
    lua_pushnil(L);
    while (lua_next(L, 1)) { /* pool, name, value */
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, 1, "the names of options are strings");
        read_option(L, lua_tostring(L, -2), &pool->settings);
        lua_pop(L, 1);
    }
    return 1;
}

static int refuse(lua_State *L, const char *kind, const char *message)
{
    lua_pushnil(L);
    lua_pushstring(L, kind);
    lua_pushstring(L, message);
    return 3;
}

/* Stores the value on top of the stack under the slot. Pops it. */
static void anchor(lua_State *L, size_t slot)
{
    lua_getiuservalue(L, 1, 1);
    lua_insert(L, -2);
    lua_rawseti(L, -2, (int)slot + 1);
    lua_pop(L, 1);
}

/* Releases the transfer and the value stored for it. */
static void release(lua_State *L, struct kenar_pool *pool, struct kenar_transfer *transfer)
{
    bool anchored = transfer->request.body != NULL || transfer->request.upload != NULL;
    kenar_pool_release(pool, transfer);
    if (anchored) {
        lua_pushboolean(L, false);
        anchor(L, transfer->slot);
    }
}

/* pool:add(request [, headers]) -> id | nil, kind, message
 * request = { method = "GET", url =, headers = map | header list, body = string | list of strings
 * and { path =, size = }, timeout = 30 (of the whole transfer, from its start), connect_timeout =
 * 10, max_body = 1 MiB, fresh = false (true: on a new connection) }. `headers`, from curl.headers,
 * replaces request.headers. */
static int add(lua_State *L)
{
    struct kenar_pool *pool = check_pool(L);
    struct kenar_transfer *transfer;
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 3);
    if (pool->closed) {
        return refuse(L, "closed", "the pool was closed");
    }
    transfer = kenar_pool_new_transfer(pool);
    if (transfer == NULL) {
        return luaL_error(L, "out of memory, or too many transfers are queued");
    }
    if (!kenar_request_read(L, 2, 3, transfer, pool->settings.insecure_http)) {
        return refuse(L, "invalid", lua_tostring(L, -1));
    }
    if (transfer->request.body != NULL || transfer->request.upload != NULL) {
        anchor(L, transfer->slot);
    }
    kenar_pool_add(pool, transfer);
    lua_pushinteger(L, (lua_Integer)transfer->id);
    return 1;
}

/* pool:step(seconds | nil, fd...) -> number of finished transfers
 * Sends and receives. Waits up to `seconds` (nil: no limit) for the connections or until a
 * descriptor is readable. */
static int step(lua_State *L)
{
    struct kenar_pool *pool = check_own_pool(L);
    double timeout = luaL_optnumber(L, 2, INFINITY);
    int watched[MAX_WATCHED];
    int count = lua_gettop(L) > 2 ? lua_gettop(L) - 2 : 0;
    luaL_argcheck(L, timeout >= 0, 2, "expected a number of seconds, 0 or more");
    luaL_argcheck(L, count <= MAX_WATCHED, 3 + MAX_WATCHED, "at most 16 descriptors");
    for (int i = 0; i < count; i++) {
        watched[i] = (int)luaL_checkinteger(L, 3 + i);
    }
    kenar_pool_step(pool, timeout, watched, (size_t)count);
    lua_pushinteger(L, (lua_Integer)pool->done.count);
    return 1;
}

/* pool:completed() -> nil | id, status, header lines, body
 *                      | id, nil, kind, message, has_sent, status or nil, stale
 * The transfer that finished first. curl.read_headers reads the lines. `has_sent`: a byte of the
 * request may have been sent. `stale`: an idle connection was dead, and no byte of the request was
 * sent on it. */
static int completed(lua_State *L)
{
    struct kenar_pool *pool = check_pool(L);
    struct kenar_transfer *transfer = pool->done.first;
    int results;
    if (transfer == NULL) {
        lua_pushnil(L);
        return 1;
    }
    /* Released only after its results are pushed, because a push raises if memory is short. */
    lua_pushinteger(L, (lua_Integer)transfer->id);
    if (transfer->failure == KENAR_FAILURE_NONE) {
        results = 1 + kenar_response_push(L, transfer);
    } else {
        lua_pushnil(L);
        lua_pushstring(L, kenar_failure_name(transfer->failure));
        lua_pushstring(L, transfer->message);
        lua_pushboolean(L, transfer->has_sent);
        if (transfer->status > 0) {
            lua_pushinteger(L, (lua_Integer)transfer->status);
        } else {
            lua_pushnil(L);
        }
        lua_pushboolean(L, transfer->stale);
        results = 7;
    }
    release(L, pool, transfer);
    return results;
}

static struct kenar_transfer *check_transfer(lua_State *L, struct kenar_pool *pool)
{
    double id = luaL_checknumber(L, 2);
    return id >= 0 && id < 0x1p53 ? kenar_pool_find(pool, (uint64_t)id) : NULL;
}

/* pool:progress(id) -> bytes of the body sent, bytes in all | nil if it is neither queued nor
 * active */
static int progress(lua_State *L)
{
    struct kenar_transfer *transfer = check_transfer(L, check_pool(L));
    curl_off_t sent = 0;
    if (transfer == NULL) {
        lua_pushnil(L);
        return 1;
    }
    if (transfer->state == KENAR_TRANSFER_ACTIVE) {
        curl_easy_getinfo(transfer->handle->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    }
    lua_pushinteger(L, (lua_Integer)sent);
    lua_pushinteger(L, (lua_Integer)kenar_request_size(&transfer->request));
    return 2;
}

/* pool:cancel(id) -> whether the transfer was queued or active
 * A cancelled transfer is never returned by completed(). */
static int cancel(lua_State *L)
{
    struct kenar_pool *pool = check_own_pool(L);
    struct kenar_transfer *transfer = check_transfer(L, pool);
    if (transfer != NULL) {
        release(L, pool, transfer);
    }
    lua_pushboolean(L, transfer != NULL);
    return 1;
}

/* pool:count() -> active, queued */
static int count_transfers(lua_State *L)
{
    struct kenar_pool *pool = check_pool(L);
    lua_pushinteger(L, (lua_Integer)pool->active.count);
    lua_pushinteger(L, (lua_Integer)pool->queued.count);
    return 2;
}

/* pool:close()
 * Ends all transfers as "closed", still to be collected, and closes the connections. Idempotent. */
static int close_pool(lua_State *L)
{
    kenar_pool_close(check_pool(L));
    return 0;
}

static int destroy_pool(lua_State *L)
{
    kenar_pool_destroy(check_pool(L));
    return 0;
}

static int pool_to_string(lua_State *L)
{
    struct kenar_pool *pool = check_pool(L);
    lua_pushfstring(L, POOL " (%d active, %d queued%s)", (int)pool->active.count,
                    (int)pool->queued.count, pool->closed ? ", closed" : "");
    return 1;
}

static const luaL_Reg methods[] = {
    {"add", add},
    {"step", step},
    {"completed", completed},
    {"progress", progress},
    {"cancel", cancel},
    {"count", count_transfers},
    {"close", close_pool},
    /* metamethods */
    {"__gc", destroy_pool},
    {"__close", close_pool},
    {"__tostring", pool_to_string},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"pool", new_pool},
    {NULL, NULL},
};

void kenar_pool_class_open(lua_State *L)
{
    luaL_newmetatable(L, POOL);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, POOL);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
    luaL_setfuncs(L, functions, 0);
}
