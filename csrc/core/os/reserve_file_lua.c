#include "core.h"

#include "class.h"
#include "os/reserve_file.h"

#include <errno.h>
#include <string.h>

#define METATABLE "kenar.reserve_file"

struct named_file {
    struct kenar_reserve_file file;
    char path[];
};

static struct named_file *check_file(lua_State *L)
{
    return luaL_checkudata(L, 1, METATABLE);
}

static uint64_t check_bytes(lua_State *L, int argument)
{
    const lua_Number bytes = luaL_checknumber(L, argument);
    luaL_argcheck(L, bytes >= 0 && bytes < 1e15, argument, "expected a number of bytes, 0 or more");
    return (uint64_t)bytes;
}

static int push_failure(lua_State *L, const char *path, int cause)
{
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path,
                    cause == ENOTBLK ? "expected a plain file of this user, or none"
                                     : strerror(cause));
    return 2;
}

/* reserve_file(path) -> file | nil, message
 * Does not create the file; `fill` does. */
static int open_file(lua_State *L)
{
    size_t length;
    const char *path = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length > 0 && strlen(path) == length, 1, "expected the path of a file");

    struct named_file *named = lua_newuserdatauv(L, sizeof *named + length + 1, 0);
    memset(named, 0, sizeof *named);
    memcpy(named->path, path, length + 1);
    named->file.fd = -1;
    luaL_getmetatable(L, METATABLE);
    lua_setmetatable(L, -2);

    const int cause = kenar_reserve_file_open(&named->file, path);
    return cause == 0 ? 1 : push_failure(L, path, cause);
}

/* file:fill(bytes, room) -> size | nil, message
 * Extends the file to `bytes`, or as far as the disk allows. A missing file is created only if the
 * disk has `room` bytes free; otherwise the result is 0. */
static int file_fill(lua_State *L)
{
    struct named_file *named = check_file(L);
    const uint64_t bytes = check_bytes(L, 2), room = check_bytes(L, 3);
    int cause = 0;
    if (named->file.fd < 0)
        cause = kenar_reserve_file_make(&named->file, named->path, room);
    if (cause == 0)
        cause = kenar_reserve_file_fill(&named->file, (off_t)bytes);
    if (cause != 0 && cause != ENOSPC && cause != EDQUOT)
        return push_failure(L, named->path, cause);
    lua_pushnumber(L, (lua_Number)named->file.size);
    return 1;
}

/* file:release() -> true | nil, message
 * Releases all space. The file remains, empty. */
static int file_release(lua_State *L)
{
    struct named_file *named = check_file(L);
    const int cause = kenar_reserve_file_release(&named->file);
    if (cause != 0)
        return push_failure(L, named->path, cause);
    lua_pushboolean(L, 1);
    return 1;
}

/* file:size() -> bytes | nil if there is no file */
static int file_size(lua_State *L)
{
    const struct named_file *named = check_file(L);
    if (named->file.fd < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, (lua_Number)named->file.size);
    return 1;
}

/* file:close()
 * The file keeps its space. May be called again. */
static int file_close(lua_State *L)
{
    kenar_reserve_file_close(&check_file(L)->file);
    return 0;
}

static int to_string(lua_State *L)
{
    lua_pushfstring(L, METATABLE ": %s", check_file(L)->path);
    return 1;
}

static const luaL_Reg methods[] = {
    {"fill", file_fill},       {"release", file_release},
    {"size", file_size},       {"close", file_close},
    {"__gc", file_close},      {"__close", file_close},
    {"__tostring", to_string}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"reserve_file", open_file},
    {NULL, NULL},
};

void kenar_reserve_file_lua_open(lua_State *L)
{
    kenar_class_open(L, METATABLE, methods);
    kenar_functions_open(L, functions);
}
