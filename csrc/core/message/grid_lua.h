/* A grid of buttons: Divar's limits and the shapes in which it may be given. Needs lua.h. */
#ifndef KENAR_MESSAGE_GRID_LUA_H
#define KENAR_MESSAGE_GRID_LUA_H

#include "message/walk_lua.h"

enum { KENAR_GRID_ROWS = 3, KENAR_GRID_COLUMNS = 3 };

/* Check and write the grid at `at`, the top of the stack, which stays there, as {"rows":[...]}:
 *
 *     { { button, ... }, ... }          rows; a row may be { buttons = { button, ... } }
 *     { rows = { row, ... } }           Divar's own form
 *     { button, ... }                   a flat list, which wraps after three
 *
 * Divar's docs: at most 3 rows and at most 3 buttons a row. What Divar does with an empty row or
 * grid is not documented, so an empty row is refused, and an empty grid writes nothing: `*empty`.
 */
bool kenar_grid_write(struct kenar_walk *walk, int at, bool *empty);

#endif
