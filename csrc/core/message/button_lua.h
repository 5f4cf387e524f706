/* One button: its caption, icon and action. Needs lua.h. */
#ifndef KENAR_MESSAGE_BUTTON_LUA_H
#define KENAR_MESSAGE_BUTTON_LUA_H

#include "message/walk_lua.h"

/* Whether the key at `at` of the stack is one that buttons have. */
bool kenar_button_has_key(const struct kenar_walk *walk, int at);

/* Check and write the button at `at`, the top of the stack, which stays there:
 *
 *     { "caption", direct_link = url, icon = "ADD" }          plain data, one kind of action as a
 * key { caption =, icon =, action = { open_direct_link = url } }     Divar's own form
 *
 * Plain kinds are direct_link (a URL), server_link and dynamic_action (the name of one of our
 * handlers, with `data` beside it), post_page and post_manage_page (a post's token), and answer (a
 * string, number or boolean for the dialogue that waits for it). Divar's are open_direct_link (a
 * URL), open_server_link and get_dynamic_action ({ data = object }), open_post_page and
 * open_post_manage_page
 * ({ post_token = }). Divar documents no limit for captions, not even that they are not empty, so
 * none is set here. */
bool kenar_button_write(struct kenar_walk *walk, int at);

#endif
