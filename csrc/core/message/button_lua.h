/* Writes a button: caption, icon and action. Needs lua.h. */
#ifndef KENAR_MESSAGE_BUTTON_LUA_H
#define KENAR_MESSAGE_BUTTON_LUA_H

#include "message/writer_lua.h"

/* Whether the key at the stack index `at` is a key of buttons. */
bool kenar_button_has_key(const struct kenar_writer *writer, int at);

/* Checks and writes the button at `at`, the top of the stack, which stays there. Its two forms:
 *
 *     { "caption", direct_link = url, icon = "ADD" }                           plain
 *     { caption =, icon =, action = { open_direct_link = url } }               Divar's
 *
 * The plain form has one key for its action:
 * - direct_link: a URL
 * - server_link, dynamic_action: the name of a handler of the bot, with `data` beside it
 * - post_page, post_manage_page: a post's token
 * - answer: a string, number or boolean for the open dialogue
 *
 * Divar's form has open_direct_link (a URL), open_server_link and get_dynamic_action
 * ({ data = object }), or open_post_page and open_post_manage_page ({ post_token = }).
 *
 * Captions have no limit, because Divar documents none. Only options.strict_captions refuses an
 * empty caption. */
bool kenar_button_write(struct kenar_writer *writer, int at);

#endif
