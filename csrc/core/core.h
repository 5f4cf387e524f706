/* The areas of kenar.core. Each function adds the fields named in its line to the module table on
 * top of the stack. Needs lua.h. */
#ifndef KENAR_CORE_H
#define KENAR_CORE_H

#include "compat.h"

/* utf8_valid, trim, trim_end, percent_encode, percent_decode, base64_encode, base64_decode */
void kenar_text_open(lua_State *L);
/* codec, null */
void kenar_json_codec_open(lua_State *L);
/* message_encoder */
void kenar_message_open(lua_State *L);
/* icons, icon_suggestion */
void kenar_icons_open(lua_State *L);
/* http_response, http_headers */
void kenar_http_response_open(lua_State *L);
/* equal, random_bytes, sha256 */
void kenar_hash_open(lua_State *L);
/* key_set */
void kenar_key_set_open(lua_State *L);
/* append_file */
void kenar_append_file_lua_open(lua_State *L);
/* reserve_file */
void kenar_reserve_file_lua_open(lua_State *L);
/* clock, now, cpu */
void kenar_clock_open(lua_State *L);
/* lock_file */
void kenar_file_lock_open(lua_State *L);
/* make_folder, list_folder */
void kenar_folder_open(lua_State *L);
/* signals, survive_broken_pipes */
void kenar_signals_open(lua_State *L);
/* is_terminal, terminal_width, read_input */
void kenar_terminal_open(lua_State *L);

#endif
