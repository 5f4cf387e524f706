--- A grid of buttons from a flat list.
--
-- Messages take flat lists, rows and Divar's own form. This function is for programs that go on with the rows.

local COLUMNS, ROWS = 3, 3

---@alias kenar.Row kenar.Button[] | { buttons: kenar.Button[] } at most 3 buttons
---@alias kenar.Grid kenar.Row[] | { rows: kenar.Row[] } | kenar.Button[] at most 3 rows; a flat list wraps at 3

-- A row is a list of buttons or has Divar's `buttons`. A button has a caption first, or names.
local function is_row(item)
   return type(item[1]) == "table" or item.buttons ~= nil or next(item) == nil
end

-- The number of items, or nil if the table has other keys.
local function length_of(list)
   local count = 0
   for _ in pairs(list) do
      count = count + 1
   end
   for i = 1, count do
      if list[i] == nil then
         return nil
      end
   end
   return count
end

--- Arrange buttons in rows of three, as Divar shows them.
---@param buttons kenar.Grid a flat list of at most 9; rows and Divar's `{ rows = }` are returned unchanged
---@return kenar.Row[] | { rows: kenar.Row[] } rows
local function grid(buttons)
   if type(buttons) ~= "table" then
      error("a grid: expected a list of buttons, got " .. type(buttons), 2)
   end
   if buttons.rows ~= nil then
      return buttons
   end
   local count = length_of(buttons)
   if not count then
      error("a grid: expected a list of buttons without gaps or names", 2)
   end
   for i = 1, count do
      if type(buttons[i]) ~= "table" then
         error(("a grid: expected a button at %d, got %s"):format(i, type(buttons[i])), 2)
      end
   end
   if count == 0 or is_row(buttons[1]) then
      return buttons
   end
   if count > ROWS * COLUMNS then
      error(("a grid has at most %d buttons, got %d"):format(ROWS * COLUMNS, count), 2)
   end
   local rows = {}
   for i = 1, count do
      local row = math.floor((i - 1) / COLUMNS) + 1
      rows[row] = rows[row] or {}
      rows[row][i - (row - 1) * COLUMNS] = buttons[i]
   end
   return rows
end

return grid
