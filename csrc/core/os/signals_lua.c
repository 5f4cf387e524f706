#include "class.h"
#include "core.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define METATABLE "kenar.signals"

struct signals {
    int fd;
    bool is_blocked;
    sigset_t newly_blocked; /* signals that the process did not block before */
};

static const struct {
    const char *name;
    int number;
} known[] = {
    {"HUP", SIGHUP}, {"INT", SIGINT}, {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
};

enum { KNOWN_COUNT = sizeof known / sizeof *known };

static int number_of(lua_State *L, int argument)
{
    const char *name = luaL_checkstring(L, argument);
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].number;
    return luaL_argerror(L, argument, "expected HUP, INT, TERM, USR1 or USR2");
}

static struct signals *check_signals(lua_State *L)
{
    return luaL_checkudata(L, 1, METATABLE);
}

static void release(struct signals *signals)
{
    if (signals->fd >= 0)
        close(signals->fd);
    signals->fd = -1;
    if (signals->is_blocked)
        sigprocmask(SIG_UNBLOCK, &signals->newly_blocked, NULL);
    signals->is_blocked = false;
}

static int push_failure(lua_State *L, struct signals *signals)
{
    int cause = errno;
    release(signals);
    lua_pushnil(L);
    lua_pushstring(L, strerror(cause));
    return 2;
}

/* signals(name, ...) -> object | nil, message
 * Until close, these signals do not end the process. */
static int new_signals(lua_State *L)
{
    sigset_t wanted, before;
    sigemptyset(&wanted);
    int count = lua_gettop(L);
    luaL_argcheck(L, count > 0, 1, "expected the name of a signal");
    for (int i = 1; i <= count; i++)
        sigaddset(&wanted, number_of(L, i));

    struct signals *signals = lua_newuserdatauv(L, sizeof *signals, 0);
    memset(signals, 0, sizeof *signals);
    signals->fd = -1;
    luaL_getmetatable(L, METATABLE);
    lua_setmetatable(L, -2);

    if (sigprocmask(SIG_BLOCK, &wanted, &before) != 0)
        return push_failure(L, signals);
    sigemptyset(&signals->newly_blocked);
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (sigismember(&wanted, known[i].number) == 1 &&
            sigismember(&before, known[i].number) == 0)
            sigaddset(&signals->newly_blocked, known[i].number);
    signals->is_blocked = true;
    signals->fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signals->fd < 0)
        return push_failure(L, signals);
    return 1;
}

/* signals:fd() -> descriptor that is readable if a signal is pending | nil if closed */
static int signals_fd(lua_State *L)
{
    struct signals *signals = check_signals(L);
    if (signals->fd < 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, signals->fd);
    return 1;
}

/* signals:read() -> name | nil if no signal is pending */
static int signals_read(lua_State *L)
{
    struct signals *signals = check_signals(L);
    struct signalfd_siginfo info;
    lua_pushnil(L);
    if (signals->fd < 0 || read(signals->fd, &info, sizeof info) != (ssize_t)sizeof info)
        return 1;
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if ((int)info.ssi_signo == known[i].number)
            lua_pushstring(L, known[i].name);
    return 1;
}

/* signals:close()
 * The signals have their earlier effect again. */
static int signals_close(lua_State *L)
{
    release(check_signals(L));
    return 0;
}

static int signals_tostring(lua_State *L)
{
    lua_pushfstring(L, "%s: %s", METATABLE, check_signals(L)->fd < 0 ? "closed" : "open");
    return 1;
}

/* A handler instead of SIG_IGN, because programs that the process starts would inherit SIG_IGN. */
static void do_nothing(int number)
{
    (void)number;
}

/* survive_broken_pipes()
 * A write to a pipe without a reader fails from now on, and does not end the process. If the
 * program has set a disposition of SIGPIPE, it stays. */
static int survive_broken_pipes(lua_State *L)
{
    struct sigaction current, handler = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
    (void)L;
    sigemptyset(&handler.sa_mask);
    if (sigaction(SIGPIPE, NULL, &current) == 0 && (current.sa_flags & SA_SIGINFO) == 0 &&
        current.sa_handler == SIG_DFL)
        sigaction(SIGPIPE, &handler, NULL);
    return 0;
}

static const luaL_Reg methods[] = {
    {"fd", signals_fd},
    {"read", signals_read},
    {"close", signals_close},
    {"__gc", signals_close},
    {"__close", signals_close},
    {"__tostring", signals_tostring},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"signals", new_signals},
    {"survive_broken_pipes", survive_broken_pipes},
    {NULL, NULL},
};

void kenar_signals_open(lua_State *L)
{
    kenar_class_open(L, METATABLE, methods);
    kenar_functions_open(L, functions);
}
