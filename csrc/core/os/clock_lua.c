#include "core.h"

#include <time.h>

static int push_seconds(lua_State *L, clockid_t id)
{
    struct timespec time = {0};
    clock_gettime(id, &time);
    lua_pushnumber(L, (lua_Number)time.tv_sec + (lua_Number)time.tv_nsec * 1e-9);
    return 1;
}

/* clock() -> seconds of a clock that never jumps */
static int monotonic(lua_State *L)
{
    return push_seconds(L, CLOCK_MONOTONIC);
}

/* now() -> seconds since 1970 */
static int now(lua_State *L)
{
    return push_seconds(L, CLOCK_REALTIME);
}

/* cpu() -> seconds of processor time that the process has used */
static int cpu(lua_State *L)
{
    return push_seconds(L, CLOCK_PROCESS_CPUTIME_ID);
}

void kenar_clock_open(lua_State *L)
{
    lua_pushcfunction(L, monotonic);
    lua_setfield(L, -2, "clock");
    lua_pushcfunction(L, now);
    lua_setfield(L, -2, "now");
    lua_pushcfunction(L, cpu);
    lua_setfield(L, -2, "cpu");
}
