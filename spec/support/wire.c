/* spec_wire: sockets, processes and descriptors for specs. Never installed.
 *
 * Every wait has a timeout in seconds (default 5), after which it returns nil, "timeout".
 * Collecting an object closes it; a process that still runs is killed. */
#include "wire.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT 5.0

double wire_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double wire_deadline(lua_State *L, int index)
{
    return wire_now() + luaL_optnumber(L, index, DEFAULT_TIMEOUT);
}

int wire_milliseconds_left(double deadline)
{
    double left = (deadline - wire_now()) * 1000.0;
    return left <= 0 ? 0 : left > 3600e3 ? 3600 * 1000 : (int)left + 1;
}

bool wire_wait_for(int fd, short events, double deadline)
{
    for (;;) {
        struct pollfd watched = {.fd = fd, .events = events};
        int ready = poll(&watched, 1, wire_milliseconds_left(deadline));
        if (ready > 0) {
            return true;
        }
        if (ready == 0 || errno != EINTR) {
            return false;
        }
    }
}

int wire_failed(lua_State *L, const char *message)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

int wire_failed_errno(lua_State *L, int number)
{
    return wire_failed(L, number == ECONNRESET ? "reset" : strerror(number));
}

void wire_close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

int wire_receive(lua_State *L, int fd, size_t at_most, double deadline)
{
    char room[65536];
    ssize_t n;
    do {
        if (!wire_wait_for(fd, POLLIN, deadline)) {
            return wire_failed(L, "timeout");
        }
        n = read(fd, room, at_most < sizeof room ? at_most : sizeof room);
    } while (n < 0 && (errno == EINTR || errno == EAGAIN));
    if (n < 0) {
        return wire_failed_errno(L, errno);
    }
    if (n == 0) {
        return wire_failed(L, "closed");
    }
    lua_pushlstring(L, room, (size_t)n);
    return 1;
}

void wire_new_class(lua_State *L, const char *name, const luaL_Reg *methods)
{
    luaL_newmetatable(L, name);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
}

/* wire.count_fds() -> number of open descriptors of this process */
static int wire_count_fds(lua_State *L)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;
    if (directory == NULL) {
        return wire_failed_errno(L, errno);
    }
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    lua_pushinteger(L, count - 3); /* without ".", ".." and the directory's own descriptor */
    return 1;
}

/* wire.executable() -> path of the running interpreter */
static int wire_executable(lua_State *L)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length < 0) {
        return wire_failed_errno(L, errno);
    }
    lua_pushlstring(L, path, (size_t)length);
    return 1;
}

/* wire.setenv(name, value | nil) */
static int wire_setenv(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *value = luaL_optstring(L, 2, NULL);
    lua_pushboolean(L, (value ? setenv(name, value, 1) : unsetenv(name)) == 0);
    return 1;
}

/* wire.clock() -> monotonic seconds */
static int wire_clock(lua_State *L)
{
    lua_pushnumber(L, wire_now());
    return 1;
}

/* wire.raise(number) sends a signal to this process. */
static int wire_raise(lua_State *L)
{
    lua_pushboolean(L, raise((int)luaL_checkinteger(L, 1)) == 0);
    return 1;
}

static const luaL_Reg functions[] = {
    {"count_fds", wire_count_fds}, {"executable", wire_executable}, {"setenv", wire_setenv},
    {"clock", wire_clock},         {"raise", wire_raise},           {NULL, NULL},
};

__attribute__((visibility("default"))) int luaopen_spec_wire(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    wire_sockets_open(L);
    wire_processes_open(L);
    return 1;
}
