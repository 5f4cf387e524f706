--- The source of a run's rows: a list, a function that returns the next row, or kenar.rows.

local errors = require "kenar.error"

local send_source = {}

---@class kenar.SendSource
---@field number integer     the number of rows returned so far
---@field is_at_end boolean
---@field is_readable_to_end boolean whether the rest can be read without waiting
local Source = {}
Source.__index = Source

-- A function of the program may raise a value of any type.
local function as_error(raised)
   if errors.is(raised) then
      return raised
   end
   return errors.new { kind = "handler", message = tostring(raised) }
end

local function next_of(list)
   local index = 0
   return function()
      index = index + 1
      return list[index]
   end
end

--- Read the next row.
---@return any row nil at the end
---@return kenar.Error? err if the source raised; no more rows follow
function Source:next()
   if self.is_at_end then
      return nil
   end
   local ok, row = pcall(self._next)
   if ok and row ~= nil then
      self.number = self.number + 1
      return row
   end
   self.is_at_end = true
   if not ok then
      return nil, as_error(row)
   end
end

--- The position of the last row in its source, for people.
---@return string
function Source:place()
   local file = self._file
   return file and ("%s:%d"):format(file.path, file.line) or ("row %d"):format(self.number)
end

--- The number of all rows. For a file it is an estimate, which improves as the file is read.
---@return number? count
function Source:total()
   if self.is_at_end then
      return self.number
   elseif self._total then
      return self._total
   end
   local fraction = self._file and self._file:fraction()
   return fraction and fraction > 0 and self.number > 0 and math.floor(self.number / fraction + 0.5) or nil
end

--- Close a file that was not read to its end.
function Source:close()
   self.is_at_end = true
   if self._file then
      self._file:close()
   end
end

--- Make a source.
---@param rows table[]|kenar.Rows|fun(): any
---@param total? integer the number of rows that a function will return, if it is known
---@param level integer as for `error`
---@return kenar.SendSource
function send_source.new(rows, total, level)
   local kind = type(rows)
   local metatable = kind == "table" and getmetatable(rows)
   local is_callable = kind == "function" or type(metatable) == "table" and metatable.__call ~= nil
   if kind ~= "table" and not is_callable then
      error("rows: expected a list, a function or kenar.rows, got " .. kind, level + 1)
   end
   local file = is_callable and kind == "table" and rows.fraction and rows or nil
   local is_list = not is_callable
   return setmetatable({
      number = 0, is_at_end = false, is_readable_to_end = is_list or file ~= nil,
      _next = is_list and next_of(rows) or rows, _file = file, _total = is_list and #rows or total,
   }, Source)
end

return send_source
