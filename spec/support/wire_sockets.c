/* Non-blocking TCP sockets on 127.0.0.1. Every call has a timeout. */
#include "wire.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET "spec_wire.socket"

struct wire_socket {
    int fd;
    int port;
};

static struct wire_socket *new_socket(lua_State *L)
{
    struct wire_socket *self = lua_newuserdatauv(L, sizeof *self, 0);
    self->fd = -1;
    self->port = 0;
    luaL_getmetatable(L, SOCKET);
    lua_setmetatable(L, -2);
    return self;
}

static struct wire_socket *check_socket(lua_State *L, int index)
{
    struct wire_socket *self = luaL_checkudata(L, index, SOCKET);
    if (self->fd < 0) {
        luaL_argerror(L, index, "socket is closed");
    }
    return self;
}

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* wire.listen([port [, backlog]]) -> socket | nil, message
 * Listens on 127.0.0.1. Port 0 (default) is any free port. */
static int wire_listen(lua_State *L)
{
    struct sockaddr_in address = loopback((int)luaL_optinteger(L, 1, 0));
    int backlog = (int)luaL_optinteger(L, 2, 1024);
    struct wire_socket *self = new_socket(L);
    socklen_t size = sizeof address;
    int on = 1;
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd < 0) {
        return wire_failed_errno(L, errno);
    }
    setsockopt(self->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(self->fd, (struct sockaddr *)&address, size) != 0 || listen(self->fd, backlog) != 0 ||
        getsockname(self->fd, (struct sockaddr *)&address, &size) != 0) {
        int number = errno;
        wire_close_fd(&self->fd);
        return wire_failed_errno(L, number);
    }
    self->port = ntohs(address.sin_port);
    return 1;
}

/* wire.free_port() -> a port of 127.0.0.1 that was free a moment ago */
static int wire_free_port(lua_State *L)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failure = fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
                  getsockname(fd, (struct sockaddr *)&address, &size) != 0;
    int number = errno;
    wire_close_fd(&fd);
    if (failure) {
        return wire_failed_errno(L, number);
    }
    lua_pushinteger(L, ntohs(address.sin_port));
    return 1;
}

/* wire.connect(port [, timeout]) -> socket | nil, message */
static int wire_connect(lua_State *L)
{
    int port = (int)luaL_checkinteger(L, 1);
    double deadline = wire_deadline(L, 2);
    struct sockaddr_in address = loopback(port);
    struct wire_socket *self = new_socket(L);
    int on = 1;
    int number = 0;
    socklen_t size = sizeof number;
    self->port = port;
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd < 0) {
        return wire_failed_errno(L, errno);
    }
    setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(self->fd, (struct sockaddr *)&address, sizeof address) == 0) {
        return 1;
    }
    if (errno != EINPROGRESS) {
        number = errno;
        wire_close_fd(&self->fd);
        return wire_failed_errno(L, number);
    }
    if (!wire_wait_for(self->fd, POLLOUT, deadline)) {
        wire_close_fd(&self->fd);
        return wire_failed(L, "timeout");
    }
    getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &number, &size);
    if (number != 0) {
        wire_close_fd(&self->fd);
        return wire_failed_errno(L, number);
    }
    return 1;
}

/* listener:accept([timeout]) -> socket | nil, message */
static int socket_accept(lua_State *L)
{
    int listener = check_socket(L, 1)->fd;
    double deadline = wire_deadline(L, 2);
    struct wire_socket *accepted = new_socket(L);
    for (;;) {
        accepted->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (accepted->fd >= 0) {
            int on = 1;
            setsockopt(accepted->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return 1;
        }
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            return wire_failed_errno(L, errno);
        }
        if (!wire_wait_for(listener, POLLIN, deadline)) {
            return wire_failed(L, "timeout");
        }
    }
}

/* socket:send(bytes [, timeout]) -> true | nil, message, number of bytes sent */
static int socket_send(lua_State *L)
{
    int fd = check_socket(L, 1)->fd;
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    double deadline = wire_deadline(L, 3);
    size_t sent = 0;
    while (sent < length) {
        ssize_t n = send(fd, bytes + sent, length - sent, MSG_NOSIGNAL);
        if (n >= 0) {
            sent += (size_t)n;
        } else if (errno == EAGAIN && wire_wait_for(fd, POLLOUT, deadline)) {
            continue;
        } else if (errno != EINTR) {
            int number = errno;
            number == EAGAIN ? wire_failed(L, "timeout") : wire_failed_errno(L, number);
            lua_pushinteger(L, (lua_Integer)sent);
            return 3;
        }
    }
    lua_pushboolean(L, true);
    return 1;
}

/* socket:receive([at_most [, timeout]]) -> 1 to at_most bytes | nil, "closed" | "timeout" | "reset"
 * | message */
static int socket_receive(lua_State *L)
{
    int fd = check_socket(L, 1)->fd;
    return wire_receive(L, fd, (size_t)luaL_optinteger(L, 2, 65536), wire_deadline(L, 3));
}

/* socket:shutdown() ends sending. Receiving still works. */
static int socket_shutdown(lua_State *L)
{
    lua_pushboolean(L, shutdown(check_socket(L, 1)->fd, SHUT_WR) == 0);
    return 1;
}

/* socket:close() sends FIN, or RST if there are unread bytes. Idempotent; also __gc. */
static int socket_close(lua_State *L)
{
    struct wire_socket *self = luaL_checkudata(L, 1, SOCKET);
    wire_close_fd(&self->fd);
    return 0;
}

/* socket:reset() closes with RST. */
static int socket_reset(lua_State *L)
{
    struct wire_socket *self = check_socket(L, 1);
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    wire_close_fd(&self->fd);
    return 0;
}

static int socket_fd(lua_State *L)
{
    lua_pushinteger(L, check_socket(L, 1)->fd);
    return 1;
}

static int socket_port(lua_State *L)
{
    lua_pushinteger(L, check_socket(L, 1)->port);
    return 1;
}

/* wire.poll({ fd, ... } [, timeout]) -> { [fd] = true, ... }, the descriptors that are readable or
 * have failed; may be empty */
static int wire_poll(lua_State *L)
{
    double deadline = wire_deadline(L, 2);
    size_t count;
    struct pollfd *watched;
    luaL_checktype(L, 1, LUA_TTABLE);
    count = lua_rawlen(L, 1);
    watched = lua_newuserdatauv(L, (count + 1) * sizeof *watched, 0);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 1, (int)i + 1);
        watched[i] = (struct pollfd){.fd = (int)lua_tointeger(L, -1), .events = POLLIN};
        lua_pop(L, 1);
    }
    while (poll(watched, count, wire_milliseconds_left(deadline)) < 0 && errno == EINTR) {
    }
    lua_newtable(L);
    for (size_t i = 0; i < count; i++) {
        if (watched[i].revents != 0) {
            lua_pushboolean(L, true);
            lua_rawseti(L, -2, watched[i].fd);
        }
    }
    return 1;
}

/* wire.end_sending(port) -> number of sockets
 * Shuts down sending on all sockets of this process that are connected to this port of
 * 127.0.0.1. */
static int wire_end_sending(lua_State *L)
{
    int port = (int)luaL_checkinteger(L, 1);
    int ended = 0;
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == port && shutdown(fd, SHUT_WR) == 0) {
            ended++;
        }
    }
    lua_pushinteger(L, ended);
    return 1;
}

static const luaL_Reg socket_methods[] = {
    {"accept", socket_accept},   {"send", socket_send},
    {"receive", socket_receive}, {"shutdown", socket_shutdown},
    {"close", socket_close},     {"reset", socket_reset},
    {"fd", socket_fd},           {"port", socket_port},
    {"__gc", socket_close},      {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"listen", wire_listen}, {"connect", wire_connect},         {"free_port", wire_free_port},
    {"poll", wire_poll},     {"end_sending", wire_end_sending}, {NULL, NULL},
};

void wire_sockets_open(lua_State *L)
{
    wire_new_class(L, SOCKET, socket_methods);
    luaL_setfuncs(L, functions, 0);
}
