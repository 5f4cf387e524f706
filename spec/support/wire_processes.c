/* Child processes of a spec: programs (spawn) and functions of the spec (fork). */
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESS "spec_wire.process"
#define READ_AT_MOST 65536

struct wire_process {
    pid_t pid;  /* 0 after waitpid */
    int output; /* its stdout */
    int input;  /* its stdin, or -1 */
    int status; /* from waitpid */
};

static struct wire_process *new_process(lua_State *L)
{
    struct wire_process *self = lua_newuserdatauv(L, sizeof *self, 0);
    *self = (struct wire_process){.pid = 0, .output = -1, .input = -1};
    luaL_getmetatable(L, PROCESS);
    lua_setmetatable(L, -2);
    return self;
}

/* Runs in the child. Kills the child when the parent ends. */
static void end_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(127);
    }
}

/* Runs in the child. Closes all descriptors except 0 to 2 and those in `keep`. */
static void close_others(const int *keep, size_t count)
{
    struct rlimit limit;
    int highest = 4096;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536) {
        highest = (int)limit.rlim_cur;
    }
    for (int fd = 3; fd < highest; fd++) {
        bool kept = false;
        for (size_t i = 0; i < count; i++) {
            kept = kept || keep[i] == fd;
        }
        if (!kept) {
            close(fd);
        }
    }
}

/* Copies the list at `index` to a NULL-terminated vector in userdata on the stack. The list keeps
 * the strings alive. */
static char **string_vector(lua_State *L, int index)
{
    size_t count = lua_rawlen(L, index);
    char **vector = lua_newuserdatauv(L, (count + 1) * sizeof *vector, 0);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, index, (int)i + 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "argument %d of the command is not a string", (int)i + 1);
        }
        vector[i] = (char *)lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    vector[count] = NULL;
    return vector;
}

static void apply_environment(lua_State *L, int options)
{
    lua_getfield(L, options, "env");
    if (lua_istable(L, -1)) {
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            if (lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING) {
                setenv(lua_tostring(L, -2), lua_tostring(L, -1), 1);
            } else if (lua_type(L, -2) == LUA_TSTRING) {
                unsetenv(lua_tostring(L, -2));
            }
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

/* wire.spawn({ program, argument, ... } [, { env =, cwd =, stdin =, stderr = }]) -> process | nil,
 * message
 * env: map added to the environment (false removes a name). stdin: "null" (default) or "pipe" (for
 * process:write). stderr: "inherit" (default), "stdout" (process:read returns it as well) or
 * "null". The process is killed when its parent ends. */
static int wire_spawn(lua_State *L)
{
    int output[2] = {-1, -1};
    int input[2] = {-1, -1};
    pid_t parent = getpid();
    struct wire_process *self;
    char **command;
    const char *directory, *in, *err;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    command = string_vector(L, 1);
    lua_getfield(L, 2, "cwd");
    directory = luaL_optstring(L, -1, NULL);
    lua_getfield(L, 2, "stdin");
    in = luaL_optstring(L, -1, "null");
    lua_getfield(L, 2, "stderr");
    err = luaL_optstring(L, -1, "inherit");
    self = new_process(L);
    if (pipe2(output, O_CLOEXEC) != 0 ||
        (strcmp(in, "pipe") == 0 ? pipe2(input, O_CLOEXEC) != 0
                                 : (input[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)) {
        int number = errno;
        wire_close_fd(&output[0]);
        wire_close_fd(&output[1]);
        return wire_failed_errno(L, number);
    }
    self->output = output[0];
    self->input = input[1];
    self->pid = fork();
    if (self->pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        dup2(input[0], 0);
        dup2(output[1], 1);
        if (strcmp(err, "stdout") == 0) {
            dup2(output[1], 2);
        } else if (strcmp(err, "null") == 0) {
            int null = open("/dev/null", O_WRONLY);
            dup2(null, 2);
        }
        end_with_parent(parent);
        close_others(NULL, 0);
        apply_environment(L, 2);
        if (directory == NULL || chdir(directory) == 0) {
            execvp(command[0], command);
        }
        _exit(127);
    }
    wire_close_fd(&output[1]);
    wire_close_fd(&input[0]);
    if (self->pid < 0) {
        self->pid = 0;
        return wire_failed(L, "cannot fork");
    }
    return 1;
}

/* wire.fork(f [, fd, ... | "all"]) -> process | nil, message
 * Runs f in a child, which keeps descriptors 0 to 2 and the given descriptors, or all. The exit
 * status is 0 if f returns and 1 if it raises; the message goes to stderr. */
static int wire_fork(lua_State *L)
{
    int keep[8];
    size_t count = 0;
    bool keep_all = lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "all") == 0;
    pid_t parent = getpid();
    struct wire_process *self;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    for (int i = keep_all ? 3 : 2; i <= lua_gettop(L) && count < 8; i++) {
        keep[count++] = (int)luaL_checkinteger(L, i);
    }
    self = new_process(L);
    self->pid = fork();
    if (self->pid == 0) {
        end_with_parent(parent);
        if (!keep_all) {
            close_others(keep, count);
        }
        lua_gc(L, LUA_GCSTOP, 0); /* finalizers belong to the parent */
        lua_pushvalue(L, 1);
        if (lua_pcall(L, 0, 0, 0) != 0) {
            const char *message = lua_tostring(L, -1);
            ssize_t ignored = message ? write(2, message, strlen(message)) : 0;
            ignored += write(2, "\n", 1);
            _exit(ignored >= 0 ? 1 : 2);
        }
        _exit(0);
    }
    if (self->pid < 0) {
        self->pid = 0;
        return wire_failed(L, "cannot fork");
    }
    return 1;
}

static struct wire_process *check_process(lua_State *L)
{
    return luaL_checkudata(L, 1, PROCESS);
}

static int process_pid(lua_State *L)
{
    lua_pushinteger(L, check_process(L)->pid);
    return 1;
}

/* process:read([timeout]) -> bytes | nil, "closed" | "timeout" | message */
static int process_read(lua_State *L)
{
    int fd = check_process(L)->output;
    return fd < 0 ? wire_failed(L, "closed")
                  : wire_receive(L, fd, READ_AT_MOST, wire_deadline(L, 2));
}

/* process:write(bytes) -> true | nil, message
 * Blocks while the pipe is full. */
static int process_write(lua_State *L)
{
    int fd = check_process(L)->input;
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    while (fd >= 0 && length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0) {
            return wire_failed_errno(L, errno);
        }
        bytes += n;
        length -= (size_t)n;
    }
    lua_pushboolean(L, fd >= 0);
    return 1;
}

/* process:close_input() closes its stdin. */
static int process_close_input(lua_State *L)
{
    wire_close_fd(&check_process(L)->input);
    return 0;
}

/* process:kill([number]) sends a signal, by default SIGKILL. False if the process has been waited
 * for. */
static int process_kill(lua_State *L)
{
    struct wire_process *self = check_process(L);
    int number = (int)luaL_optinteger(L, 2, SIGKILL);
    lua_pushboolean(L, self->pid > 0 && kill(self->pid, number) == 0);
    return 1;
}

static int push_status(lua_State *L, int status)
{
    if (WIFEXITED(status)) {
        lua_pushinteger(L, WEXITSTATUS(status));
    } else {
        lua_pushinteger(L, 128 + WTERMSIG(status));
    }
    return 1;
}

/* process:wait([timeout]) -> exit status (128 + number if killed by a signal) | nil, "timeout" */
static int process_wait(lua_State *L)
{
    struct wire_process *self = check_process(L);
    double deadline = wire_deadline(L, 2);
    while (self->pid > 0) {
        pid_t ended = waitpid(self->pid, &self->status, WNOHANG);
        if (ended == self->pid || (ended < 0 && errno == ECHILD)) {
            self->pid = 0;
        } else if (wire_now() >= deadline) {
            return wire_failed(L, "timeout");
        } else {
            struct timespec nap = {.tv_nsec = 2 * 1000 * 1000};
            nanosleep(&nap, NULL);
        }
    }
    return push_status(L, self->status);
}

/* process:close() kills the process if it runs, waits for it and closes the pipes. Idempotent; also
 * __gc. */
static int process_close(lua_State *L)
{
    struct wire_process *self = check_process(L);
    if (self->pid > 0) {
        kill(self->pid, SIGKILL);
        waitpid(self->pid, &self->status, 0);
        self->pid = 0;
    }
    wire_close_fd(&self->output);
    wire_close_fd(&self->input);
    return 0;
}

static const luaL_Reg process_methods[] = {
    {"pid", process_pid},
    {"read", process_read},
    {"write", process_write},
    {"close_input", process_close_input},
    {"kill", process_kill},
    {"wait", process_wait},
    {"close", process_close},
    {"__gc", process_close},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"spawn", wire_spawn},
    {"fork", wire_fork},
    {NULL, NULL},
};

void wire_processes_open(lua_State *L)
{
    wire_new_class(L, PROCESS, process_methods);
    luaL_setfuncs(L, functions, 0);
}
