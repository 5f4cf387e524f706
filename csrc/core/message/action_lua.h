/* What a press of a button does: Divar's action object. Needs lua.h. */
#ifndef KENAR_MESSAGE_ACTION_LUA_H
#define KENAR_MESSAGE_ACTION_LUA_H

#include "message/walk_lua.h"

/* Divar's kinds, in the order of their names. */
enum kenar_action {
#define ACTION(kind, plain, wire, wire_kind, holds) KENAR_##kind,
    KENAR_BUTTON_KINDS(ACTION)
#undef ACTION
        KENAR_ACTION_COUNT
};

/* Whether a plain button of this kind names a handler and may have data. */
bool kenar_action_is_named(enum kenar_action action);

/* Each appends what a button begins with: `{"action":` and an action object. */

/* A direct link with its URL, a post's page or manage page with the post's token. */
bool kenar_action_write_text(struct kenar_walk *walk, enum kenar_action action,
                             struct kenar_text text);

/* A server link or dynamic action of ours, in two steps. First the handler's name, which goes into
 * the data as kenar_action; then options.via as kenar_via and the user's own data, at `data` of the
 * stack (0: none). Keys of the user's that begin with kenar_ are refused. */
bool kenar_action_begin_named(struct kenar_walk *walk, enum kenar_action action,
                              struct kenar_text name);
bool kenar_action_end_named(struct kenar_walk *walk, enum kenar_action action, int data);

/* An answer to the dialogue that waits: a dynamic action named kenar_answer with the string, number
 * or boolean at `value` as kenar_value, and options.state and options.via. */
bool kenar_action_write_answer(struct kenar_walk *walk, int value);

/* Divar's own form at `at`, the top of the stack: a table with exactly one of its keys. Its
 * data is not touched. */
bool kenar_action_write_wire(struct kenar_walk *walk, int at);

/* The fault `exactly one action, got a and b` for the names whose bits (the first is bit 0) are set
 * in `given`, or, for none, `exactly one action: give a, b or c`. Returns false. */
bool kenar_action_refuse_count(struct kenar_walk *walk, struct kenar_names names, unsigned given);

#endif
