/* The kinds of buttons, one row each. Enumerators, names and JSON of actions are generated from the
 * rows. */
#ifndef KENAR_MESSAGE_KINDS_H
#define KENAR_MESSAGE_KINDS_H

/* X(enumerator, plain name, Divar's name, enumerator of Divar's name, payload)
 *
 * The payload of Divar's action is URL, a string; DATA, { data = object }, for which the plain form
 * has the name of a handler; or TOKEN, { post_token = string }. Answers are dynamic actions and
 * have no row. */
#define KENAR_BUTTON_KINDS(X)                                                                      \
    X(DIRECT_LINK, "direct_link", "open_direct_link", OPEN_DIRECT_LINK, URL)                       \
    X(SERVER_LINK, "server_link", "open_server_link", OPEN_SERVER_LINK, DATA)                      \
    X(DYNAMIC_ACTION, "dynamic_action", "get_dynamic_action", GET_DYNAMIC_ACTION, DATA)            \
    X(POST_PAGE, "post_page", "open_post_page", OPEN_POST_PAGE, TOKEN)                             \
    X(POST_MANAGE_PAGE, "post_manage_page", "open_post_manage_page", OPEN_POST_MANAGE_PAGE, TOKEN)

#endif
