#include "core.h"

#include "class.h"
#include "os/file_lock.h"

#include <errno.h>
#include <string.h>

#define METATABLE "kenar.file_lock"

static struct kenar_file_lock *check_lock(lua_State *L)
{
    return luaL_checkudata(L, 1, METATABLE);
}

static const char *message_of(int cause)
{
    switch (cause) {
    case EAGAIN:
        return "held by another process";
    case ELOOP:
        return "a symbolic link; a lock follows none";
    case ENOTBLK:
        return "not a plain file";
    case EEXIST:
        return "not a lock of kenar's; it is left as it is";
    default:
        return strerror(cause);
    }
}

/* lock_file(path) -> lock | nil, message | nil, message, pid
 *
 * Locks the file until close or until the process ends. A missing file is created with mode 0600,
 * and remains after close. Does not wait. With `pid` the lock is held by that process, which may be
 * this process. */
static int lock_file(lua_State *L)
{
    size_t length;
    pid_t holder;
    const char *path = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length > 0 && strlen(path) == length, 1, "expected the path of a file");

    struct kenar_file_lock *lock = lua_newuserdatauv(L, sizeof *lock, 0);
    memset(lock, 0, sizeof *lock);
    lock->fd = -1;
    luaL_getmetatable(L, METATABLE);
    lua_setmetatable(L, -2);

    int cause = kenar_file_lock_acquire(lock, path, &holder);
    if (cause == 0)
        return 1;
    lua_pushnil(L);
    if (cause == EAGAIN && holder != 0) {
        lua_pushfstring(L, "%s: held by process %d", path, (int)holder);
        lua_pushinteger(L, holder);
        return 3;
    }
    lua_pushfstring(L, "%s: %s", path, message_of(cause));
    return 2;
}

/* lock:close()
 * Releases the lock. May be called again. */
static int close_lock(lua_State *L)
{
    kenar_file_lock_release(check_lock(L));
    return 0;
}

static int to_string(lua_State *L)
{
    lua_pushfstring(L, METATABLE ": %s", check_lock(L)->fd < 0 ? "closed" : "held");
    return 1;
}

static const luaL_Reg methods[] = {
    {"close", close_lock},     {"__gc", close_lock}, {"__close", close_lock},
    {"__tostring", to_string}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"lock_file", lock_file},
    {NULL, NULL},
};

void kenar_file_lock_open(lua_State *L)
{
    kenar_class_open(L, METATABLE, methods);
    kenar_functions_open(L, functions);
}
