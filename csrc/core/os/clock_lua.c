#include "class.h"
#include "core.h"

#include <time.h>

static int push_seconds(lua_State *L, clockid_t id)
{
    struct timespec time = {0};
    clock_gettime(id, &time);
    lua_pushnumber(L, (lua_Number)time.tv_sec + (lua_Number)time.tv_nsec * 1e-9);
    return 1;
}

/* clock() -> seconds of the monotonic clock */
static int monotonic(lua_State *L)
{
    return push_seconds(L, CLOCK_MONOTONIC);
}

/* now() -> seconds since 1970 */
static int now(lua_State *L)
{
    return push_seconds(L, CLOCK_REALTIME);
}

/* cpu() -> processor time of the process in seconds */
static int cpu(lua_State *L)
{
    return push_seconds(L, CLOCK_PROCESS_CPUTIME_ID);
}

static const luaL_Reg functions[] = {
    {"clock", monotonic},
    {"now", now},
    {"cpu", cpu},
    {NULL, NULL},
};

void kenar_clock_open(lua_State *L)
{
    kenar_functions_open(L, functions);
}
