/* Writes a grid of buttons within Divar's limits. Needs lua.h. */
#ifndef KENAR_MESSAGE_GRID_LUA_H
#define KENAR_MESSAGE_GRID_LUA_H

#include "message/writer_lua.h"

enum { KENAR_GRID_ROWS = 3, KENAR_GRID_COLUMNS = 3 };

/* Checks the grid at `at`, the top of the stack, which stays there, and writes it as
 * {"rows":[...]}. Its three forms:
 *
 *     { { button, ... }, ... }          rows; a row may be { buttons = { button, ... } }
 *     { rows = { row, ... } }           Divar's form
 *     { button, ... }                   a flat list, with three buttons in each row
 *
 * Divar documents at most 3 rows, and at most 3 buttons in a row. Divar does not document empty
 * rows and grids: an empty row is refused, and an empty grid writes nothing and sets `*empty`. */
bool kenar_grid_write(struct kenar_writer *writer, int at, bool *empty);

#endif
