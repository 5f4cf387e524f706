--- Where rows come from: a list, a function that gives the next one, or kenar.rows.

local errors = require "kenar.error"

local send_source = {}

---@class kenar.SendSource
---@field number integer     how many rows were given
---@field is_at_end boolean
---@field is_readable_to_end boolean whether the rest can be counted without waiting for anybody
local Source = {}
Source.__index = Source

-- A program's own function may raise anything.
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

--- The next row.
---@return any row nil at the end
---@return kenar.Error? err what was raised; there are no more rows
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

--- Where the row stands that was given last, for people.
---@return string
function Source:place()
   local file = self._file
   return file and ("%s:%d"):format(file.path, file.line) or ("row %d"):format(self.number)
end

--- How many rows there are; of a file an estimate, which gets better as it is read.
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
---@param total? integer how many a function will give, where that is known
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
