#include "message/button_lua.h"

#include "message/action_lua.h"
#include "message/icons.h"

/* The keys of an action: the plain names of kinds.h, `answer`, and `action` for Divar's form. */
static const struct kenar_names kinds = {KENAR_NAME_BOTH_BUTTONS + 1, KENAR_NAME_ACTION};

struct button {
    unsigned given;       /* one bit for each action key of the button */
    enum kenar_name kind; /* the action key, if there is exactly one */
    struct kenar_text target, caption, icon, icon_name;
    bool has_data;
    int table,
        key;     /* stack indices of the button and of the current key, which its value follows */
    int payload; /* stack index of the data or answer; 0 if there is none */
};

bool kenar_button_has_key(const struct kenar_writer *writer, int at)
{
    return kenar_writer_name(writer, at, kenar_button_names) < KENAR_NAME_UNKNOWN;
}

/* Reads the caption, which is the first item or the field `caption`. */
static bool read_caption(struct kenar_writer *writer, struct button *button, bool by_name)
{
    if (button->caption.bytes != NULL)
        return kenar_fault_set(writer->fault, "the caption is given twice");
    if (kenar_writer_read_string(writer, KENAR_NAME_CAPTION, &button->caption))
        return true;
    return by_name ? kenar_writer_prepend(writer, KENAR_NAME_CAPTION)
                   : kenar_writer_prepend_index(writer, 1);
}

/* Keeps the value on the stack. The traversal continues above it. */
static void keep_payload(struct kenar_writer *writer, struct button *button)
{
    button->payload = button->key + 1;
    button->key += 2;
    lua_pushvalue(writer->L, button->key - 2);
}

static bool read_kind(struct kenar_writer *writer, struct button *button, enum kenar_name name)
{
    button->given |= 1u << (name - kinds.first);
    button->kind = name;
    switch ((int)name) {
    case KENAR_NAME_ACTION: /* written now, because the action is the first member of a button */
        return kenar_action_write_wire(writer, button->key + 1);
    case KENAR_NAME_ANSWER:
        keep_payload(writer, button);
        return true;
    default:
        return kenar_writer_read_string(writer, name, &button->target);
    }
}

/* Reads the pair on top of the stack: key, value. */
static bool read_field(struct kenar_writer *writer, struct button *button)
{
    const enum kenar_name name = kenar_writer_name(writer, -2, kenar_button_names);
    switch ((int)name) {
    case KENAR_NAME_SCALAR:
        if (lua_tonumber(writer->L, -2) == 1)
            return read_caption(writer, button, false);
        return kenar_writer_refuse_key(writer, -2, "a button", kenar_button_names);
    case KENAR_NAME_UNKNOWN:
        return kenar_writer_refuse_key(writer, -2, "a button", kenar_button_names);
    case KENAR_NAME_CAPTION:
        return read_caption(writer, button, true);
    case KENAR_NAME_ICON:
        return kenar_writer_read_string(writer, name, &button->icon) ||
               kenar_writer_prepend(writer, name);
    case KENAR_NAME_ICON_NAME:
        return kenar_writer_read_string(writer, name, &button->icon_name) ||
               kenar_writer_prepend(writer, name);
    case KENAR_NAME_DATA:
        button->has_data = true;
        keep_payload(writer, button);
        return true;
    default:
        return read_kind(writer, button, name) || kenar_writer_prepend(writer, name);
    }
}

static bool read_button(struct kenar_writer *writer, struct button *button)
{
    lua_State *L = writer->L;
    button->key = button->table + 1;
    lua_pushnil(L);
    while (lua_next(L, button->table) != 0) {
        if (!read_field(writer, button))
            return false;
        lua_settop(L, button->key);
    }
    if (button->given == 0 || (button->given & (button->given - 1)) != 0)
        return kenar_action_refuse_count(writer, kinds, button->given);
    return true;
}

/* An absent caption is treated like an empty caption, because Protobuf's JSON cannot tell them
 * apart. */
static bool check_caption(struct kenar_writer *writer, struct button *button)
{
    if (button->caption.length != 0)
        return true;
    if (writer->options->strict_captions)
        return kenar_fault_set(writer->fault,
                               "a button needs a caption: a string as its first item or `caption`");
    button->caption.bytes = "";
    writer->captionless = true;
    return true;
}

static bool write_answer(struct kenar_writer *writer, const struct button *button)
{
    const int type = lua_type(writer->L, button->payload);
    if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN)
        return kenar_action_write_answer(writer, button->payload);
    lua_settop(writer->L, button->payload);
    return kenar_writer_refuse_type(writer, KENAR_NAME_ANSWER, "a string, number or boolean");
}

/* Writes the action of a plain button. Divar's form was written when it was read. */
static bool write_action(struct kenar_writer *writer, const struct button *button)
{
    const enum kenar_action action = (enum kenar_action)(button->kind - kinds.first);
    const bool named = action < KENAR_ACTION_COUNT && kenar_action_is_named(action);
    if (button->has_data && !named) {
        kenar_fault_format(writer->fault,
                           "data goes with server_link or dynamic_action, not with %s",
                           kenar_name_texts[button->kind]);
        return kenar_writer_prepend(writer, KENAR_NAME_DATA);
    }
    bool ok = true;
    if (named)
        ok = kenar_action_begin_named(writer, action, button->target);
    else if (button->kind == KENAR_NAME_ANSWER)
        ok = write_answer(writer, button);
    else if (button->kind != KENAR_NAME_ACTION)
        ok = kenar_action_write_text(writer, action, button->target);
    if (!ok)
        return kenar_writer_prepend(writer, button->kind);
    return !named || kenar_action_end_named(writer, action, button->payload);
}

static bool check_icon(struct kenar_writer *writer, struct kenar_text icon)
{
    if (!writer->options->strict_icons || kenar_icon_known(icon.bytes, icon.length))
        return true;
    const char *suggestion = kenar_icon_suggestion(icon.bytes, icon.length);
    return kenar_fault_format(writer->fault, "unknown icon%s%s%s",
                              suggestion != NULL ? ": did you mean " : "",
                              suggestion != NULL ? suggestion : "", suggestion != NULL ? "?" : "");
}

static bool write_icon(struct kenar_writer *writer, const struct button *button)
{
    const struct kenar_text as_icon = button->icon, as_icon_name = button->icon_name;
    if (as_icon.bytes == NULL && as_icon_name.bytes == NULL)
        return true;
    if (as_icon.bytes != NULL && as_icon_name.bytes != NULL &&
        (as_icon.length != as_icon_name.length ||
         memcmp(as_icon.bytes, as_icon_name.bytes, as_icon.length) != 0))
        return kenar_fault_set(writer->fault, "icon and icon_name differ: give one of them");
    const struct kenar_text icon = as_icon.bytes != NULL ? as_icon : as_icon_name;
    const enum kenar_icon_key wanted = writer->options->icon_key;
    const bool as_given = wanted == KENAR_ICON_AS_GIVEN;
    const bool old_key = as_given ? as_icon_name.bytes != NULL : wanted != KENAR_ICON;
    const bool new_key = as_given ? as_icon.bytes != NULL : wanted != KENAR_ICON_NAME;
    if (check_icon(writer, icon) &&
        (!new_key ||
         (kenar_writer_add(writer, ",\"icon\":") && kenar_writer_add_string(writer, icon))) &&
        (!old_key ||
         (kenar_writer_add(writer, ",\"icon_name\":") && kenar_writer_add_string(writer, icon))))
        return true;
    return kenar_writer_prepend(writer,
                                as_icon.bytes != NULL ? KENAR_NAME_ICON : KENAR_NAME_ICON_NAME);
}

static bool write_caption(struct kenar_writer *writer, const struct button *button)
{
    if (kenar_writer_add(writer, ",\"caption\":") &&
        kenar_writer_add_string(writer, button->caption))
        return true;
    lua_rawgeti(writer->L, button->table, 1);
    return lua_isnil(writer->L, -1) ? kenar_writer_prepend(writer, KENAR_NAME_CAPTION)
                                    : kenar_writer_prepend_index(writer, 1);
}

bool kenar_button_write(struct kenar_writer *writer, int at)
{
    struct button button = {.table = at};
    if (lua_type(writer->L, at) != LUA_TTABLE)
        return kenar_fault_format(writer->fault, "a button must be a table, got %s",
                                  kenar_type_name(writer->L, at));
    if (!read_button(writer, &button) || !check_caption(writer, &button) ||
        !write_action(writer, &button) || !write_icon(writer, &button) ||
        !write_caption(writer, &button))
        return false;
    return kenar_writer_add(writer, "}");
}
