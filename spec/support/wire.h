/* Functions that the files of spec_wire share. Every wait has a deadline. */
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

/* The monotonic clock in seconds. */
double wire_now(void);

/* The deadline for the timeout in seconds at `index` (default 5), in the time of wire_now(). */
double wire_deadline(lua_State *L, int index);

/* The milliseconds until the deadline for poll(2), at least 0. */
int wire_milliseconds_left(double deadline);

/* Waits for `events` on `fd`. False after the deadline. */
bool wire_wait_for(int fd, short events, double deadline);

/* Push nil and a message. All failures go through these functions. */
int wire_failed(lua_State *L, const char *message);
int wire_failed_errno(lua_State *L, int number);

/* Closes a descriptor and sets it to -1. Does nothing if it is -1. */
void wire_close_fd(int *fd);

/* Reads once: bytes | nil, "closed" | "timeout" | "reset" | message */
int wire_receive(lua_State *L, int fd, size_t at_most, double deadline);

/* Makes the metatable `name` with these methods, which is its own __index. */
void wire_new_class(lua_State *L, const char *name, const luaL_Reg *methods);

/* Each makes its classes, and adds its functions to the table on top of the stack. */
void wire_sockets_open(lua_State *L);
void wire_processes_open(lua_State *L);

#endif
