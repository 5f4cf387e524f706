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
    sigset_t ours; /* those that were not blocked before us */
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
        sigprocmask(SIG_UNBLOCK, &signals->ours, NULL);
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
 * From here on they no longer end the process, until close. */
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
    sigemptyset(&signals->ours);
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (sigismember(&wanted, known[i].number) == 1 &&
            sigismember(&before, known[i].number) == 0)
            sigaddset(&signals->ours, known[i].number);
    signals->is_blocked = true;
    signals->fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signals->fd < 0)
        return push_failure(L, signals);
    return 1;
}

/* signals:fd() -> descriptor that is readable when one has come | nil when closed */
static int signals_fd(lua_State *L)
{
    struct signals *signals = check_signals(L);
    if (signals->fd < 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, signals->fd);
    return 1;
}

/* signals:read() -> name | nil when none has come */
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

/* signals:close(): the signals do again what they did before */
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

/* Unlike SIG_IGN it is not passed on to the programs that the process starts. */
static void do_nothing(int number)
{
    (void)number;
}

/* survive_broken_pipes()
 * From here on a write that nobody reads fails, and does not end the process. If the program has
 * decided otherwise about SIGPIPE, that stays. */
static int survive_broken_pipes(lua_State *L)
{
    struct sigaction current, ours = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
    (void)L;
    sigemptyset(&ours.sa_mask);
    if (sigaction(SIGPIPE, NULL, &current) == 0 && (current.sa_flags & SA_SIGINFO) == 0 &&
        current.sa_handler == SIG_DFL)
        sigaction(SIGPIPE, &ours, NULL);
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

void kenar_signals_open(lua_State *L)
{
    kenar_class_open(L, METATABLE, methods);
    lua_pushcfunction(L, new_signals);
    lua_setfield(L, -2, "signals");
    lua_pushcfunction(L, survive_broken_pipes);
    lua_setfield(L, -2, "survive_broken_pipes");
}
