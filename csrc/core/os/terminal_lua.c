#include "class.h"
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

/* terminal_width(fd) -> columns | nil if `fd` is no terminal or its width is unknown */
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

/* read_input(fd) -> bytes | nil if none are available | "" at the end | nil, message
 * Never blocks. A terminal delivers a whole line, or the text typed before Ctrl-D. */
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

static const luaL_Reg functions[] = {
    {"is_terminal", is_terminal},
    {"terminal_width", terminal_width},
    {"read_input", read_input},
    {NULL, NULL},
};

void kenar_terminal_open(lua_State *L)
{
    kenar_functions_open(L, functions);
}
