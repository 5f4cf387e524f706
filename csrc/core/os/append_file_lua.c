#include "core.h"

#include "class.h"
#include "os/append_file.h"

#include <errno.h>
#include <string.h>

#define METATABLE "kenar.append_file"

static struct kenar_append_file *check_file(lua_State *L)
{
    return luaL_checkudata(L, 1, METATABLE);
}

static size_t check_size(lua_State *L, int argument, lua_Integer size)
{
    luaL_argcheck(L, size >= 0, argument, "expected a number of bytes, 0 or more");
    return (size_t)size;
}

/* true | nil, message */
static int push_outcome(lua_State *L, int cause)
{
    if (cause == 0) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, cause == ENOTBLK ? "Not a plain file" : strerror(cause));
    return 2;
}

/* append_file(path) -> file | nil, message
 * A missing file is created, readable by its owner only. */
static int open_file(lua_State *L)
{
    size_t length;
    const char *path = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length > 0 && strlen(path) == length, 1, "expected the path of a file");

    struct kenar_append_file *file = lua_newuserdatauv(L, sizeof *file, 0);
    memset(file, 0, sizeof *file);
    file->fd = -1;
    luaL_getmetatable(L, METATABLE);
    lua_setmetatable(L, -2);

    const int cause = kenar_append_file_open(file, path);
    return cause == 0 ? 1 : push_outcome(L, cause);
}

/* file:append(bytes [, room]) -> true | nil, message
 * Writes all bytes or none. With `room` it succeeds only if the disk has space for so many more
 * bytes. */
static int file_append(lua_State *L)
{
    size_t length;
    struct kenar_append_file *file = check_file(L);
    const char *bytes = luaL_checklstring(L, 2, &length);
    const size_t room = check_size(L, 3, luaL_optinteger(L, 3, 0));
    return push_outcome(L, kenar_append_file_write(file, bytes, length, room));
}

/* file:cut(size) -> true | nil, message
 * Removes everything after the first `size` bytes. */
static int file_cut(lua_State *L)
{
    struct kenar_append_file *file = check_file(L);
    const size_t size = check_size(L, 2, luaL_checkinteger(L, 2));
    luaL_argcheck(L, (off_t)size <= file->size, 2,
                  "expected a size that is not larger than the file");
    return push_outcome(L, kenar_append_file_truncate(file, (off_t)size));
}

/* file:size() -> bytes */
static int file_size(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_file(L)->size);
    return 1;
}

/* file:close() -> true | nil, message
 * Flushes the file to the disk. May be called again. */
static int file_close(lua_State *L)
{
    return push_outcome(L, kenar_append_file_close(check_file(L)));
}

static int to_string(lua_State *L)
{
    lua_pushfstring(L, METATABLE ": %s", check_file(L)->fd < 0 ? "closed" : "open");
    return 1;
}

static const luaL_Reg methods[] = {
    {"append", file_append},   {"cut", file_cut},    {"size", file_size},
    {"close", file_close},     {"__gc", file_close}, {"__close", file_close},
    {"__tostring", to_string}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"append_file", open_file},
    {NULL, NULL},
};

void kenar_append_file_lua_open(lua_State *L)
{
    kenar_class_open(L, METATABLE, methods);
    kenar_functions_open(L, functions);
}
