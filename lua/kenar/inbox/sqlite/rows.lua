--- Rows of a statement as Lua values.

local sqlite = require "kenar.db.sqlite"
local json = require "kenar.json"

local rows = {}

local function pack(...)
   return { n = select("#", ...), ... }
end

--- Iterate over the rows of a statement. Raises a kenar.Error if it fails.
---@param path string the file's
---@param statement table prepared
---@param ... any the values of its parameters
---@return fun(): any the values of the next row; the first column is never NULL
function rows.each(path, statement, ...)
   local ok, message, _, name = statement:bind(...)
   local function fail()
      statement:reset()
      error(sqlite.failure(path, message, name), 0)
   end
   if not ok then
      fail()
   end
   return function()
      ok, message, _, name = statement:step()
      if ok == "row" then
         return statement:values()
      elseif not ok then
         fail()
      end
      statement:reset()
      return nil
   end
end

--- All rows of a statement, each with the number of its columns as `n`.
---@return table[]? list, kenar.Error? err
function rows.list(path, statement, ...)
   local ok, message, _, name = statement:bind(...)
   local list = {}
   while ok do
      ok, message, _, name = statement:step()
      if ok ~= "row" then
         break
      end
      list[#list + 1] = pack(statement:values())
   end
   statement:reset()
   if not ok then
      return nil, sqlite.failure(path, message, name)
   end
   return list
end

--- The headers of an event.
---@param bytes string?
---@return table<string, string>?
function rows.headers(bytes)
   local headers = bytes and json.decode(bytes)
   return type(headers) == "table" and headers or nil
end

--- The dead letters, oldest first.
---@param path string
---@param statement table `dead`, prepared
---@param after integer? the number of the last letter that the caller has
---@param n integer? how many at most
---@return table[]? letters, kenar.Error? err
function rows.dead(path, statement, after, n)
   local found, err = rows.list(path, statement, after or 0, n or 100)
   if not found then
      return nil, err
   end
   for i, row in ipairs(found) do
      found[i] = {
         number = row[1], id = row[2], order_key = row[3], kind = row[4], path = row[5], headers = rows.headers(row[6]),
         body = row[7], received_at = row[8], attempts = row[9], died_at = row[10], reason = row[11],
      }
   end
   return found
end

return rows
