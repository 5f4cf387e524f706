#include "class.h"
#include "core.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static const char *check_path(lua_State *L)
{
    size_t length;
    const char *path = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, strlen(path) == length, 1, "a path has no zero bytes");
    return path;
}

static int failure(lua_State *L, const char *path, int error)
{
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path, strerror(error));
    return 2;
}

/* make_folder(path) -> true, or false if the path exists | nil, message
 * The parent folder must exist. */
static int make_folder(lua_State *L)
{
    const char *path = check_path(L);
    bool made = mkdir(path, 0777) == 0;
    if (!made && errno != EEXIST)
        return failure(L, path, errno);
    lua_pushboolean(L, made);
    return 1;
}

/* Returns the names in the open folder and an errno. It runs under pcall, so that the folder is
 * closed even if memory is short. */
static int push_names(lua_State *L)
{
    DIR *folder = lua_touserdata(L, 1);
    lua_newtable(L);
    int count = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            lua_pushstring(L, entry->d_name);
            lua_rawseti(L, -2, ++count);
        }
    }
    lua_pushinteger(L, errno);
    return 2;
}

/* list_folder(path) -> list of names without "." and "..", in no order | nil, message */
static int list_folder(lua_State *L)
{
    const char *path = check_path(L);
    lua_settop(L, 1);
    lua_pushcfunction(L, push_names);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return failure(L, path, errno);
    lua_pushlightuserdata(L, folder);
    int status = lua_pcall(L, 1, 2, 0);
    closedir(folder);
    if (status != 0)
        return lua_error(L);
    int error = (int)lua_tointeger(L, -1);
    if (error != 0)
        return failure(L, path, error);
    lua_pop(L, 1);
    return 1;
}

static const luaL_Reg functions[] = {
    {"make_folder", make_folder},
    {"list_folder", list_folder},
    {NULL, NULL},
};

void kenar_folder_open(lua_State *L)
{
    kenar_functions_open(L, functions);
}
