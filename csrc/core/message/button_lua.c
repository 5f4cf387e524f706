#include "message/button_lua.h"

#include "message/action_lua.h"
#include "message/icons.h"

/* The keys that say what the button does: a row of kinds.h, `answer`, or Divar's form. */
static const struct kenar_names kinds = {KENAR_NAME_BOTH_BUTTONS + 1, KENAR_NAME_ACTION};

struct button {
    unsigned given;       /* a bit for each of the kinds of action that have a key */
    enum kenar_name kind; /* the one of them, when it is one */
    struct kenar_text target, caption, icon, icon_name;
    bool has_data;
    int table,
        key;  /* places on the stack: the button and the key that is read, its value behind it */
    int held; /* the data or answer, once there is one */
};

bool kenar_button_has_key(const struct kenar_walk *walk, int at)
{
    return kenar_walk_name(walk, at, kenar_button_names) < KENAR_NAME_UNKNOWN;
}

/* The caption is the first item or has its name. */
static bool read_caption(struct kenar_walk *walk, struct button *button, bool by_name)
{
    if (button->caption.bytes != NULL)
        return kenar_fault_set(walk->fault, "the caption is given twice");
    if (kenar_walk_read_string(walk, KENAR_NAME_CAPTION, &button->caption))
        return true;
    return by_name ? kenar_walk_prepend(walk, KENAR_NAME_CAPTION)
                   : kenar_walk_prepend_index(walk, 1);
}

/* Keep the value on the stack: the walk goes on behind it. */
static void hold(struct kenar_walk *walk, struct button *button)
{
    button->held = button->key + 1;
    button->key += 2;
    lua_pushvalue(walk->L, button->key - 2);
}

static bool read_kind(struct kenar_walk *walk, struct button *button, enum kenar_name name)
{
    button->given |= 1u << (name - kinds.first);
    button->kind = name;
    switch ((int)name) {
    case KENAR_NAME_ACTION: /* this is the place for it: what opens the button has been written */
        return kenar_action_write_wire(walk, button->key + 1);
    case KENAR_NAME_ANSWER:
        hold(walk, button);
        return true;
    default:
        return kenar_walk_read_string(walk, name, &button->target);
    }
}

/* The key and its value on top of the stack. */
static bool read_field(struct kenar_walk *walk, struct button *button)
{
    const enum kenar_name name = kenar_walk_name(walk, -2, kenar_button_names);
    switch ((int)name) {
    case KENAR_NAME_NUMBER:
        if (lua_tonumber(walk->L, -2) == 1)
            return read_caption(walk, button, false);
        return kenar_walk_refuse_key(walk, -2, "a button", kenar_button_names);
    case KENAR_NAME_UNKNOWN:
        return kenar_walk_refuse_key(walk, -2, "a button", kenar_button_names);
    case KENAR_NAME_CAPTION:
        return read_caption(walk, button, true);
    case KENAR_NAME_ICON:
        return kenar_walk_read_string(walk, name, &button->icon) || kenar_walk_prepend(walk, name);
    case KENAR_NAME_ICON_NAME:
        return kenar_walk_read_string(walk, name, &button->icon_name) ||
               kenar_walk_prepend(walk, name);
    case KENAR_NAME_DATA:
        button->has_data = true;
        hold(walk, button);
        return true;
    default:
        return read_kind(walk, button, name) || kenar_walk_prepend(walk, name);
    }
}

static bool read_button(struct kenar_walk *walk, struct button *button)
{
    lua_State *L = walk->L;
    button->key = button->table + 1;
    lua_pushnil(L);
    while (lua_next(L, button->table) != 0) {
        if (!read_field(walk, button))
            return false;
        lua_settop(L, button->key);
    }
    if (button->given == 0 || (button->given & (button->given - 1)) != 0)
        return kenar_action_refuse_count(walk, kinds, button->given);
    return true;
}

/* Protobuf's JSON cannot tell an absent caption from an empty one: they have one verdict. */
static bool check_caption(struct kenar_walk *walk, struct button *button)
{
    if (button->caption.length != 0)
        return true;
    if (walk->options->strict_captions)
        return kenar_fault_set(walk->fault,
                               "a button needs a caption: a string as its first item or `caption`");
    button->caption.bytes = "";
    walk->captionless = true;
    return true;
}

static bool write_answer(struct kenar_walk *walk, const struct button *button)
{
    const int type = lua_type(walk->L, button->held);
    if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN)
        return kenar_action_write_answer(walk, button->held);
    lua_settop(walk->L, button->held);
    return kenar_walk_refuse_type(walk, KENAR_NAME_ANSWER, "a string, number or boolean");
}

/* The action of a plain button; Divar's form has been written when it was read. */
static bool write_action(struct kenar_walk *walk, const struct button *button)
{
    const enum kenar_action action = (enum kenar_action)(button->kind - kinds.first);
    const bool named = action < KENAR_ACTION_COUNT && kenar_action_is_named(action);
    if (button->has_data && !named) {
        kenar_fault_format(walk->fault, "data goes with server_link or dynamic_action, not with %s",
                           kenar_name_texts[button->kind]);
        return kenar_walk_prepend(walk, KENAR_NAME_DATA);
    }
    bool ok = true;
    if (named)
        ok = kenar_action_begin_named(walk, action, button->target);
    else if (button->kind == KENAR_NAME_ANSWER)
        ok = write_answer(walk, button);
    else if (button->kind != KENAR_NAME_ACTION)
        ok = kenar_action_write_text(walk, action, button->target);
    if (!ok)
        return kenar_walk_prepend(walk, button->kind);
    return !named || kenar_action_end_named(walk, action, button->held);
}

static bool check_icon(struct kenar_walk *walk, struct kenar_text icon)
{
    if (!walk->options->strict_icons || kenar_icon_known(icon.bytes, icon.length))
        return true;
    const char *suggestion = kenar_icon_suggestion(icon.bytes, icon.length);
    return kenar_fault_format(walk->fault, "unknown icon%s%s%s",
                              suggestion != NULL ? ": did you mean " : "",
                              suggestion != NULL ? suggestion : "", suggestion != NULL ? "?" : "");
}

static bool write_icon(struct kenar_walk *walk, const struct button *button)
{
    const struct kenar_text as_icon = button->icon, as_icon_name = button->icon_name;
    if (as_icon.bytes == NULL && as_icon_name.bytes == NULL)
        return true;
    if (as_icon.bytes != NULL && as_icon_name.bytes != NULL &&
        (as_icon.length != as_icon_name.length ||
         memcmp(as_icon.bytes, as_icon_name.bytes, as_icon.length) != 0))
        return kenar_fault_set(walk->fault, "icon and icon_name differ: give one of them");
    const struct kenar_text icon = as_icon.bytes != NULL ? as_icon : as_icon_name;
    const enum kenar_icon_key wanted = walk->options->icon_key;
    const bool as_given = wanted == KENAR_ICON_AS_GIVEN;
    const bool old_key = as_given ? as_icon_name.bytes != NULL : wanted != KENAR_ICON;
    const bool new_key = as_given ? as_icon.bytes != NULL : wanted != KENAR_ICON_NAME;
    if (check_icon(walk, icon) &&
        (!new_key || (kenar_walk_add(walk, ",\"icon\":") && kenar_walk_add_string(walk, icon))) &&
        (!old_key ||
         (kenar_walk_add(walk, ",\"icon_name\":") && kenar_walk_add_string(walk, icon))))
        return true;
    return kenar_walk_prepend(walk, as_icon.bytes != NULL ? KENAR_NAME_ICON : KENAR_NAME_ICON_NAME);
}

static bool write_caption(struct kenar_walk *walk, const struct button *button)
{
    if (kenar_walk_add(walk, ",\"caption\":") && kenar_walk_add_string(walk, button->caption))
        return true;
    lua_rawgeti(walk->L, button->table, 1);
    return lua_isnil(walk->L, -1) ? kenar_walk_prepend(walk, KENAR_NAME_CAPTION)
                                  : kenar_walk_prepend_index(walk, 1);
}

bool kenar_button_write(struct kenar_walk *walk, int at)
{
    struct button button = {.table = at};
    if (lua_type(walk->L, at) != LUA_TTABLE)
        return kenar_fault_format(walk->fault, "a button must be a table, got %s",
                                  kenar_walk_type_name(walk->L, at));
    if (!read_button(walk, &button) || !check_caption(walk, &button) ||
        !write_action(walk, &button) || !write_icon(walk, &button) || !write_caption(walk, &button))
        return false;
    return kenar_walk_add(walk, "}");
}
