--- Checks of the tables that a program gives: their type, the names in them, and the type of each value.
--
-- The known names are rows: { [name] = row }. A row is true (any value), the name of a Lua type, or a function of the
-- value that returns nil or what is wrong with it ("expected a function, got number").

local nearest = require "kenar.base.nearest"

local options = {}

-- A text that lists the known names needs no suggestion.
local function unknown_problem(name, known, unknown)
   local names = {}
   for each in pairs(known) do
      names[#names + 1] = each
   end
   table.sort(names)
   local message, meant = unknown:format(tostring(name)), nearest.of(tostring(name), names)
   if meant and not unknown:find(meant, 1, true) then
      message = ("%s; did you mean %s?"):format(message, meant)
   end
   return message
end

--- What is wrong with a table's names and values.
---@param given table
---@param known table<string, true|string|fun(value: any): string?> the rows
---@param unknown string the message for a name that is not known: a format that takes the name
---@param prefix? string what stands before the names of known values in messages: "session."
---@return string? problem
function options.problem(given, known, unknown, prefix)
   for name, value in pairs(given) do
      local row = known[name]
      if row == nil then
         return unknown_problem(name, known, unknown)
      elseif row ~= true then
         local problem
         if type(row) == "function" then
            problem = row(value)
         elseif type(value) ~= row then
            problem = ("expected a %s, got %s"):format(row, type(value))
         end
         if problem then
            return ("%s%s: %s"):format(prefix or "", name, problem)
         end
      end
   end
   return nil
end

--- Raise if a value is no table.
---@param value any
---@param what string what the table is, for the message
---@param level integer as for `error`
function options.table(value, what, level)
   if type(value) ~= "table" then
      error(("%s: expected a table, got %s"):format(what, type(value)), level + 1)
   end
end

--- Raise if a value is no table, or if something is wrong with its names and values.
---@param given any
---@param known table<string, true|string|fun(value: any): string?> the rows
---@param unknown string as for `problem`
---@param level integer as for `error`
function options.check(given, known, unknown, level)
   options.table(given, "options", level + 1)
   local problem = options.problem(given, known, unknown)
   if problem then
      error(problem, level + 1)
   end
end

return options
