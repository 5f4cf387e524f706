#include "core.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int check_descriptor(lua_State *L, int argument)
{
    lua_Integer fd = luaL_checkinteger(L, argument);
    luaL_argcheck(L, fd >= 0 && fd <= INT_MAX, argument, "expected a file descriptor");
    return (int)fd;
}

/* is_terminal(fd) -> boolean */
static int is_terminal(lua_State *L)
{
    lua_pushboolean(L, isatty(check_descriptor(L, 1)));
    return 1;
}

/* terminal_width(fd) -> columns | nil where it is no terminal, or one that does not tell */
static int terminal_width(lua_State *L)
{
    struct winsize size;
    int fd = check_descriptor(L, 1);
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        lua_pushinteger(L, size.ws_col);
    else
        lua_pushnil(L);
    return 1;
}

/* read_input(fd) -> bytes | nil when there are none yet | "" at the end | nil, message
 * Never waits. On a terminal the bytes are a whole line, or what the person had typed before
 * Ctrl-D. */
static int read_input(lua_State *L)
{
    char bytes[4096];
    struct pollfd watched = {.fd = check_descriptor(L, 1), .events = POLLIN};
    int ready = poll(&watched, 1, 0);
    if (ready == 0 || (ready < 0 && errno == EINTR)) {
        lua_pushnil(L);
        return 1;
    }
    ssize_t length = ready < 0 ? -1 : read(watched.fd, bytes, sizeof bytes);
    if (length < 0) {
        if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) {
            lua_pushnil(L);
            return 1;
        }
        lua_pushnil(L);
        lua_pushstring(L, strerror(errno));
        return 2;
    }
    lua_pushlstring(L, bytes, (size_t)length);
    return 1;
}

void kenar_terminal_open(lua_State *L)
{
    lua_pushcfunction(L, is_terminal);
    lua_setfield(L, -2, "is_terminal");
    lua_pushcfunction(L, terminal_width);
    lua_setfield(L, -2, "terminal_width");
    lua_pushcfunction(L, read_input);
    lua_setfield(L, -2, "read_input");
}
