--- Checks of what a program gives, which raise with its line.

local expect = {}

--- A table.
---@param value any
---@param what string what the table is, for the message
---@param level integer as for `error`
function expect.table(value, what, level)
   if type(value) ~= "table" then
      error(("%s: expected a table, got %s"):format(what, type(value)), level + 1)
   end
end

return expect
