#include "message/grid_lua.h"

#include "message/button_lua.h"

static bool write_row(struct kenar_writer *writer, int at);

/* A kind of list: its limit, its key in Divar's form, and its JSON. */
struct list_kind {
    const char *owner, *too_many;
    size_t limit;
    enum kenar_name wrapper; /* Divar's key for such a list */
    bool (*write_item)(struct kenar_writer *writer, int at);
    struct kenar_fragment opening, closing;
};

static const struct list_kind rows = {
    .owner = "a grid",
    .too_many = "at most 3 rows",
    .limit = KENAR_GRID_ROWS,
    .wrapper = KENAR_NAME_ROWS,
    .write_item = write_row,
    .opening = KENAR_FRAGMENT("{\"rows\":["),
    .closing = KENAR_FRAGMENT("]}"),
};
static const struct list_kind buttons_of_row = {
    .owner = "a row",
    .too_many = "at most 3 buttons",
    .limit = KENAR_GRID_COLUMNS,
    .wrapper = KENAR_NAME_ROW_BUTTONS,
    .write_item = kenar_button_write,
    .opening = KENAR_FRAGMENT("{\"buttons\":["),
    .closing = KENAR_FRAGMENT("]}"),
};
static const struct list_kind flat_buttons = {
    .owner = "a grid",
    .too_many = "at most 9 buttons",
    .limit = KENAR_GRID_ROWS * KENAR_GRID_COLUMNS,
    .wrapper = KENAR_NAME_ROWS,
    .write_item = kenar_button_write,
    .opening = KENAR_FRAGMENT("{\"rows\":[{\"buttons\":["),
    .closing = KENAR_FRAGMENT("]}]}"),
};

/* A list in the caller's table: the table itself, or its value under Divar's key. */
struct list {
    int table; /* its stack index */
    size_t count;
    bool wrapped;
};

/* Whether the keys of the table are exactly 1 to count. */
static bool is_list(lua_State *L, int table)
{
    size_t index, greatest = 0, count = 0;
    lua_settop(L, table);
    lua_pushnil(L);
    for (; lua_next(L, table) != 0; count++) {
        if (!kenar_list_index(L, -2, &index))
            return false;
        greatest = index > greatest ? index : greatest;
        lua_pop(L, 1);
    }
    return greatest == count;
}

/* Sets the fault of a table that is not a list. Returns false. */
static bool refuse_list(struct kenar_writer *writer, int table, const struct list_kind *kind)
{
    lua_State *L = writer->L;
    size_t index;
    bool wrapped = false;
    kenar_fault_clear(writer->fault);
    lua_settop(L, table);
    lua_pushnil(L);
    for (; lua_next(L, table) != 0; lua_pop(L, 1)) {
        if (kenar_writer_is_name(writer, -2, kind->wrapper)) {
            wrapped = true;
            continue;
        }
        if (kenar_button_has_key(writer, -2))
            return kenar_fault_format(writer->fault,
                                      "a button where %s should be: put it in a list", kind->owner);
        if (!kenar_list_index(L, -2, &index)) {
            const struct kenar_names wrapper = {kind->wrapper, kind->wrapper};
            return kenar_writer_refuse_key(writer, -2, kind->owner, wrapper);
        }
    }
    if (wrapped)
        return kenar_fault_format(writer->fault, "%s is a list or { %s = ... }, not both",
                                  kind->owner, kenar_name_texts[kind->wrapper]);
    int place = 0;
    do {
        lua_settop(L, table);
        lua_rawgeti(L, table, ++place);
    } while (!lua_isnil(L, -1));
    kenar_fault_set(writer->fault, "a gap: nothing here, but items after it");
    return kenar_writer_prepend_index(writer, (size_t)place);
}

/* Counts the items of the list at `at`, the top of the stack. If Divar's key is the only key, its
 * value is the list, which a second call reads (`wrapped`). */
static bool read_list(struct kenar_writer *writer, int at, const struct list_kind *kind,
                      bool wrapped, struct list *list)
{
    lua_State *L = writer->L;
    *list = (struct list){.table = at, .wrapped = wrapped};
    if (lua_type(L, at) != LUA_TTABLE)
        return kenar_fault_format(writer->fault, "%s must be a table, got %s",
                                  wrapped ? kenar_name_texts[kind->wrapper] : kind->owner,
                                  kenar_type_name(L, at));
    lua_pushnil(L);
    if (lua_next(L, at) == 0)
        return true;
    if (!wrapped && kenar_writer_is_name(writer, at + 1, kind->wrapper)) {
        lua_pushvalue(L, at + 1);
        if (lua_next(L, at) != 0)
            return refuse_list(writer, at, kind);
        return read_list(writer, at + 2, kind, true, list) ||
               kenar_writer_prepend(writer, kind->wrapper);
    }
    do {
        list->count++;
        lua_settop(L, at + 1);
    } while (lua_next(L, at) != 0);
    return true;
}

/* Whether the table on top of the stack, which has no first item, is meant as a row. */
static bool is_row_without_first(struct kenar_writer *writer)
{
    lua_State *L = writer->L;
    bool empty = true;
    lua_pushnil(L);
    for (; lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TNUMBER ||
            kenar_writer_is_name(writer, -2, KENAR_NAME_ROW_BUTTONS))
            return true;
        empty = false;
    }
    return empty;
}

/* Whether the item is a row, valid or not, and not a button. */
static bool is_row(struct kenar_writer *writer, int table, size_t item)
{
    lua_State *L = writer->L;
    bool row = false;
    lua_rawgeti(L, table, (int)item);
    if (lua_type(L, -1) == LUA_TTABLE) {
        lua_rawgeti(L, -1, 1);
        const int first = lua_type(L, -1);
        lua_pop(L, 1);
        row = first == LUA_TTABLE || (first == LUA_TNIL && is_row_without_first(writer));
    }
    lua_settop(L, table);
    return row;
}

/* Completes the fault of an item, which may be valid elsewhere. */
static bool refuse_item(struct kenar_writer *writer, const struct list *list,
                        const struct list_kind *kind, size_t item)
{
    if (!is_list(writer->L, list->table))
        return refuse_list(writer, list->table, kind);
    if (kind == &flat_buttons && is_row(writer, list->table, item)) {
        kenar_fault_clear(writer->fault);
        kenar_fault_set(writer->fault, "a row among buttons: give rows only, or buttons only");
    }
    return kenar_writer_prepend_index(writer, item);
}

static bool write_items(struct kenar_writer *writer, const struct list *list,
                        const struct list_kind *kind)
{
    for (size_t i = 1; i <= list->count; i++) {
        const bool new_row = kind == &flat_buttons && i % KENAR_GRID_COLUMNS == 1;
        if (i > 1 && !(new_row ? kenar_writer_add(writer, "]},{\"buttons\":[")
                               : kenar_writer_add(writer, ",")))
            return false;
        lua_rawgeti(writer->L, list->table, (int)i);
        if (!kind->write_item(writer, list->table + 1))
            return refuse_item(writer, list, kind, i);
        lua_settop(writer->L, list->table);
    }
    return true;
}

static bool write_list(struct kenar_writer *writer, const struct list *list,
                       const struct list_kind *kind)
{
    bool ok;
    if (list->count <= kind->limit)
        ok = kenar_writer_add_fragment(writer, &kind->opening) && write_items(writer, list, kind) &&
             kenar_writer_add_fragment(writer, &kind->closing);
    else if (!is_list(writer->L, list->table))
        ok = refuse_list(writer, list->table, kind);
    else
        ok = kenar_fault_set(writer->fault, kind->too_many) ||
             kenar_writer_prepend_index(writer, kind->limit + 1);
    return ok || (list->wrapped && kenar_writer_prepend(writer, kind->wrapper));
}

static bool write_row(struct kenar_writer *writer, int at)
{
    struct list list;
    if (!read_list(writer, at, &buttons_of_row, false, &list))
        return false;
    if (list.count == 0)
        return kenar_fault_set(writer->fault, "an empty row: leave it out");
    return write_list(writer, &list, &buttons_of_row);
}

bool kenar_grid_write(struct kenar_writer *writer, int at, bool *empty)
{
    struct list list;
    if (!read_list(writer, at, &rows, false, &list))
        return false;
    *empty = list.count == 0;
    const bool flat = !*empty && !list.wrapped && !is_row(writer, list.table, 1);
    if (!*empty && !write_list(writer, &list, flat ? &flat_buttons : &rows))
        return false;
    lua_settop(writer->L, at);
    return true;
}
