/* kenar.core: the C functions that need no library but libc. Each area adds its functions to the
 * module table. */
#include "core.h"
#include "compat.h"

KENAR_EXPORT int luaopen_kenar_core(lua_State *L);

int luaopen_kenar_core(lua_State *L)
{
    static void (*const areas[])(lua_State *) = {
        kenar_json_codec_open,    kenar_clock_open,
        kenar_signals_open,       kenar_text_open,
        kenar_terminal_open,      kenar_message_open,
        kenar_icons_open,         kenar_file_lock_open,
        kenar_key_set_open,       kenar_append_file_lua_open,
        kenar_http_response_open, kenar_folder_open,
        kenar_hash_open,          kenar_reserve_file_lua_open,
    };
    lua_newtable(L);
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++)
        areas[i](L);
    return 1;
}
