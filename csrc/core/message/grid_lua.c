#include "message/grid_lua.h"

#include "message/button_lua.h"

static bool write_row(struct kenar_walk *walk, int at);

/* What there can be a list of. */
struct level {
    const char *owner, *too_many;
    size_t limit;
    enum kenar_name wrapper; /* Divar's key for such a list */
    bool (*write_item)(struct kenar_walk *walk, int at);
    struct kenar_piece opening, closing;
};

static const struct level rows = {
    .owner = "a grid",
    .too_many = "at most 3 rows",
    .limit = KENAR_GRID_ROWS,
    .wrapper = KENAR_NAME_ROWS,
    .write_item = write_row,
    .opening = KENAR_PIECE("{\"rows\":["),
    .closing = KENAR_PIECE("]}"),
};
static const struct level buttons_of_row = {
    .owner = "a row",
    .too_many = "at most 3 buttons",
    .limit = KENAR_GRID_COLUMNS,
    .wrapper = KENAR_NAME_ROW_BUTTONS,
    .write_item = kenar_button_write,
    .opening = KENAR_PIECE("{\"buttons\":["),
    .closing = KENAR_PIECE("]}"),
};
static const struct level flat_buttons = {
    .owner = "a grid",
    .too_many = "at most 9 buttons",
    .limit = KENAR_GRID_ROWS * KENAR_GRID_COLUMNS,
    .wrapper = KENAR_NAME_ROWS,
    .write_item = kenar_button_write,
    .opening = KENAR_PIECE("{\"rows\":[{\"buttons\":["),
    .closing = KENAR_PIECE("]}]}"),
};

/* A list found in the caller's table: the table itself, or what it holds under Divar's key. */
struct list {
    int table; /* its place on the stack */
    size_t count;
    bool wrapped;
};

/* Whether the keys of the table are 1 to count and nothing else. */
static bool is_list(lua_State *L, int table)
{
    size_t index, greatest = 0, count = 0;
    lua_settop(L, table);
    lua_pushnil(L);
    for (; lua_next(L, table) != 0; count++) {
        if (!kenar_walk_index(L, -2, &index))
            return false;
        greatest = index > greatest ? index : greatest;
        lua_pop(L, 1);
    }
    return greatest == count;
}

/* Say why the table is no list. Returns false. */
static bool refuse_list(struct kenar_walk *walk, int table, const struct level *level)
{
    lua_State *L = walk->L;
    size_t index;
    bool wrapped = false;
    kenar_fault_clear(walk->fault);
    lua_settop(L, table);
    lua_pushnil(L);
    for (; lua_next(L, table) != 0; lua_pop(L, 1)) {
        if (kenar_walk_is_name(walk, -2, level->wrapper)) {
            wrapped = true;
            continue;
        }
        if (kenar_button_has_key(walk, -2))
            return kenar_fault_format(walk->fault, "a button where %s should be: put it in a list",
                                      level->owner);
        if (!kenar_walk_index(L, -2, &index)) {
            const struct kenar_names wrapper = {level->wrapper, level->wrapper};
            return kenar_walk_refuse_key(walk, -2, level->owner, wrapper);
        }
    }
    if (wrapped)
        return kenar_fault_format(walk->fault, "%s is a list or { %s = ... }, not both",
                                  level->owner, kenar_name_texts[level->wrapper]);
    int place = 0;
    do {
        lua_settop(L, table);
        lua_rawgeti(L, table, ++place);
    } while (!lua_isnil(L, -1));
    kenar_fault_set(walk->fault, "a gap: nothing here, but items after it");
    return kenar_walk_prepend_index(walk, (size_t)place);
}

/* Count the keys of the table at `at`, the top of the stack: the items, when it is a list. When the
 * only key is the level's wrapper, the list is what that holds, read by a second call (`wrapped`).
 */
static bool read_list(struct kenar_walk *walk, int at, const struct level *level, bool wrapped,
                      struct list *list)
{
    lua_State *L = walk->L;
    *list = (struct list){.table = at, .wrapped = wrapped};
    if (lua_type(L, at) != LUA_TTABLE)
        return kenar_fault_format(walk->fault, "%s must be a table, got %s",
                                  wrapped ? kenar_name_texts[level->wrapper] : level->owner,
                                  kenar_walk_type_name(L, at));
    lua_pushnil(L);
    if (lua_next(L, at) == 0)
        return true;
    if (!wrapped && kenar_walk_is_name(walk, at + 1, level->wrapper)) {
        lua_pushvalue(L, at + 1);
        if (lua_next(L, at) != 0)
            return refuse_list(walk, at, level);
        return read_list(walk, at + 2, level, true, list) ||
               kenar_walk_prepend(walk, level->wrapper);
    }
    do {
        list->count++;
        lua_settop(L, at + 1);
    } while (lua_next(L, at) != 0);
    return true;
}

/* Whether a table without a first item, on top of the stack, is meant as a row. */
static bool is_row_without_first(struct kenar_walk *walk)
{
    lua_State *L = walk->L;
    bool empty = true;
    lua_pushnil(L);
    for (; lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TNUMBER || kenar_walk_is_name(walk, -2, KENAR_NAME_ROW_BUTTONS))
            return true;
        empty = false;
    }
    return empty;
}

/* Whether the item is a row, whatever else may be wrong with it, and not a button. */
static bool is_row(struct kenar_walk *walk, int table, size_t item)
{
    lua_State *L = walk->L;
    bool row = false;
    lua_rawgeti(L, table, (int)item);
    if (lua_type(L, -1) == LUA_TTABLE) {
        lua_rawgeti(L, -1, 1);
        const int first = lua_type(L, -1);
        lua_pop(L, 1);
        row = first == LUA_TTABLE || (first == LUA_TNIL && is_row_without_first(walk));
    }
    lua_settop(L, table);
    return row;
}

/* The item was refused, maybe only because it stands where it should not. */
static bool refuse_item(struct kenar_walk *walk, const struct list *list, const struct level *level,
                        size_t item)
{
    if (!is_list(walk->L, list->table))
        return refuse_list(walk, list->table, level);
    if (level == &flat_buttons && is_row(walk, list->table, item)) {
        kenar_fault_clear(walk->fault);
        kenar_fault_set(walk->fault, "a row among buttons: give rows only, or buttons only");
    }
    return kenar_walk_prepend_index(walk, item);
}

static bool write_items(struct kenar_walk *walk, const struct list *list, const struct level *level)
{
    for (size_t i = 1; i <= list->count; i++) {
        const bool new_row = level == &flat_buttons && i % KENAR_GRID_COLUMNS == 1;
        if (i > 1 &&
            !(new_row ? kenar_walk_add(walk, "]},{\"buttons\":[") : kenar_walk_add(walk, ",")))
            return false;
        lua_rawgeti(walk->L, list->table, (int)i);
        if (!level->write_item(walk, list->table + 1))
            return refuse_item(walk, list, level, i);
        lua_settop(walk->L, list->table);
    }
    return true;
}

static bool write_list(struct kenar_walk *walk, const struct list *list, const struct level *level)
{
    bool ok;
    if (list->count <= level->limit)
        ok = kenar_walk_add_piece(walk, &level->opening) && write_items(walk, list, level) &&
             kenar_walk_add_piece(walk, &level->closing);
    else if (!is_list(walk->L, list->table))
        ok = refuse_list(walk, list->table, level);
    else
        ok = kenar_fault_set(walk->fault, level->too_many) ||
             kenar_walk_prepend_index(walk, level->limit + 1);
    return ok || (list->wrapped && kenar_walk_prepend(walk, level->wrapper));
}

static bool write_row(struct kenar_walk *walk, int at)
{
    struct list list;
    if (!read_list(walk, at, &buttons_of_row, false, &list))
        return false;
    if (list.count == 0)
        return kenar_fault_set(walk->fault, "an empty row: leave it out");
    return write_list(walk, &list, &buttons_of_row);
}

bool kenar_grid_write(struct kenar_walk *walk, int at, bool *empty)
{
    struct list list;
    if (!read_list(walk, at, &rows, false, &list))
        return false;
    *empty = list.count == 0;
    const bool flat = !*empty && !list.wrapped && !is_row(walk, list.table, 1);
    if (!*empty && !write_list(walk, &list, flat ? &flat_buttons : &rows))
        return false;
    lua_settop(walk->L, at);
    return true;
}
