/* What the files of spec_wire share. Waits are bounded everywhere. */
#ifndef SPEC_WIRE_H
#define SPEC_WIRE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#define lua_newuserdatauv(L, size, values) lua_newuserdata(L, size)
#endif

/* Monotonic seconds. */
double wire_now(void);

/* The time-out in seconds at `index` (5 when absent) as a moment of wire_now(). */
double wire_deadline(lua_State *L, int index);

/* For poll(2): what is left until then, never negative. */
int wire_milliseconds_left(double deadline);

/* Whether `fd` is ready before the deadline. */
bool wire_wait_for(int fd, short events, double deadline);

/* nil, message: the one place where a failure is pushed. */
int wire_failed(lua_State *L, const char *message);
int wire_failed_errno(lua_State *L, int number);

/* Closes once; -1 means closed. */
void wire_close_fd(int *fd);

/* One read: bytes | nil, "closed" | "timeout" | "reset" | message. */
int wire_receive(lua_State *L, int fd, size_t at_most, double deadline);

void wire_new_class(lua_State *L, const char *name, const luaL_Reg *methods);

/* Each adds its classes, and its functions to the table on top of the stack. */
void wire_sockets_open(lua_State *L);
void wire_processes_open(lua_State *L);

#endif
