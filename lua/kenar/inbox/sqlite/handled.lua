--- The ids of handled events in the file, which are known again after a restart. Old ids are deleted.
--
-- A row has the ids of one transaction, each as a netstring (`5:abc12`), because an id may contain any byte.

local handled = {}

---@class kenar.SqliteInboxHandled
local Handled = {}
Handled.__index = Handled

-- How many of the last ids are kept at most, and for how many seconds at most.
local KEPT, KEPT_FOR = 100000, 86400
-- Rows that are written between two deletions of old rows.
local PRUNE_EVERY = 256

--- Add an id to those that are written next.
---@param pieces string[] for `write`
---@param id string
function handled.collect(pieces, id)
   local n = #pieces
   pieces[n + 1], pieces[n + 2], pieces[n + 3] = #id, ":", id
end

-- Call `f` with each id of a row. Returns how many there are.
local function each(bytes, f)
   local at, count = 1, 0
   while at <= #bytes do
      local length, begin = bytes:match("^(%d+):()", at)
      if not length then
         break -- kenar did not write this; the rest cannot be read
      end
      f(bytes:sub(begin, begin + length - 1))
      at, count = begin + length, count + 1
   end
   return count
end

local function append(self, number, at, count)
   local last = self._last + 1
   self._last, self._number = last, number
   self._numbers[last], self._at[last], self._counts[last] = number, at, count
   self._kept = self._kept + count
end

local function remove(self, place)
   local number = self._numbers[place]
   self._kept = self._kept - self._counts[place]
   self._numbers[place], self._at[place], self._counts[place] = nil, nil, nil
   return number
end

-- The number of the last row that may be deleted.
local function last_to_go(self, now)
   local number
   while self._first <= self._last do
      local first = self._first
      if self._kept - self._counts[first] < KEPT and self._at[first] > now - KEPT_FOR then
         break
      end
      number = remove(self, first)
      self._first = first + 1
   end
   return number
end

--- Write the ids of one transaction, in it.
---@param pieces string[] made by `collect`
---@param now number wall seconds
---@return true? ok, string? message, integer? code, string? name as SQLite's
function Handled:write(pieces, now)
   local ok, message, code, name = self._insert:run(self._number + 1, now, table.concat(pieces))
   if not ok then
      return nil, message, code, name
   end
   append(self, self._number + 1, now, #pieces / 3)
   self._writes = self._writes + 1
   if self._writes % PRUNE_EVERY == 0 then
      local number = last_to_go(self, now)
      if number then
         return self._forget:run(number)
      end
   end
   return true
end

--- The state before a transaction.
---@return integer mark for `undo`
function Handled:mark()
   return self._last
end

--- Forget the rows since a mark, because the transaction was rolled back.
---@param mark integer
function Handled:undo(mark)
   while self._last > mark do
      remove(self, self._last)
      self._last = self._last - 1
      self._number = self._number - 1
   end
end

--- Read the ids of a file.
---@param rows fun(): integer?, number?, string? iterator over number, at and ids
---@param statements { remember: table, forget: table } prepared
---@param f fun(id: string) called with each id
---@return kenar.SqliteInboxHandled
function handled.load(rows, statements, f)
   local self = setmetatable({
      _insert = statements.remember, _forget = statements.forget, _writes = 0, _kept = 0, _number = 0,
      _first = 1, _last = 0, _numbers = {}, _at = {}, _counts = {},
   }, Handled)
   for number, at, ids in rows do
      append(self, number, at, each(ids, f))
   end
   return self
end

return handled
