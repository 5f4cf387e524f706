/* Writes the action of a button: the request that Divar makes when the button is pressed. Needs
 * lua.h. */
#ifndef KENAR_MESSAGE_ACTION_LUA_H
#define KENAR_MESSAGE_ACTION_LUA_H

#include "message/writer_lua.h"

/* Divar's kinds of action, in the order of their names. */
enum kenar_action {
#define ACTION(kind, plain, wire, wire_kind, payload) KENAR_##kind,
    KENAR_BUTTON_KINDS(ACTION)
#undef ACTION
        KENAR_ACTION_COUNT
};

/* Whether a plain button of this kind has the name of a handler, and perhaps data. */
bool kenar_action_is_named(enum kenar_action action);

/* The writing functions append the beginning of a button: `{"action":` and an action object. */

/* Writes a direct link with its URL, or a post's page or manage page with the post's token. */
bool kenar_action_write_text(struct kenar_writer *writer, enum kenar_action action,
                             struct kenar_text text);

/* Write a server link or dynamic action for a handler of the bot. The first function writes the
 * handler's name as kenar_action. The second writes options.via as kenar_via, and the user's data
 * at the stack index `data` (0: none). Keys of the user's data must not begin with kenar_. */
bool kenar_action_begin_named(struct kenar_writer *writer, enum kenar_action action,
                              struct kenar_text name);
bool kenar_action_end_named(struct kenar_writer *writer, enum kenar_action action, int data);

/* Writes an answer to the open dialogue: a dynamic action named kenar_answer. Its data are the
 * string, number or boolean at `value` as kenar_value, options.state and options.via. */
bool kenar_action_write_answer(struct kenar_writer *writer, int value);

/* Writes Divar's form, a table with exactly one of its keys, from `at`, the top of the stack. Its
 * data is written unchanged. */
bool kenar_action_write_wire(struct kenar_writer *writer, int at);

/* Sets the fault `exactly one action, got a and b`, or `exactly one action: give a, b or c` if none
 * is given. Bit 0 of `given` stands for the first name. Returns false. */
bool kenar_action_refuse_count(struct kenar_writer *writer, struct kenar_names names,
                               unsigned given);

#endif
