--- One after the other for each key, first come first served; keys do not wait for each other.
--
-- A key whose turn somebody has is `true` here, or the line of those who wait for it. Most keys never have a line, so
-- that a turn costs a look into a table and no more. A key whose turn is free stays for a while as `false`: a table
-- from which each key is taken out at once is laid out anew all the time.

local turns = {}

---@class kenar.Turns
local Turns = {}
Turns.__index = Turns

-- Free keys that stay.
local KEPT_KEYS = 1024

local function forget_free_keys(self)
   local busy = self._busy
   for key, state in pairs(busy) do
      if not state then
         busy[key] = nil
      end
   end
   self._free = 0
end

-- Hand the turn to whoever has waited longest.
local function give(self, key)
   local busy = self._busy
   local line = busy[key]
   while line and line ~= true and line.first <= line.last do
      local place = line[line.first]
      line[line.first] = nil
      line.first = line.first + 1
      if place then
         place:post()
         return
      end
   end
   busy[key] = false
   self._free = self._free + 1
   if self._free > KEPT_KEYS then
      forget_free_keys(self)
   end
end

-- Who goes away leaves a gap, unless the turn came at the same moment: then it is the next one's.
local function give_up(self, key, line, number)
   if number < line.first then
      give(self, key)
   else
      line[number] = false
   end
end

local function wait(self, key, patience)
   local busy = self._busy
   local line = busy[key]
   if line == true then
      line = { first = 1, last = 0 }
      busy[key] = line
   end
   local number, place = line.last + 1, self._host.semaphore(0)
   line.last, line[number] = number, place
   -- Waiting raises where it never could come to an end.
   local ok, taken, reason = pcall(place.wait, place, patience)
   if ok and taken then
      return true
   end
   give_up(self, key, line, number)
   if not ok then
      error(taken, 0)
   end
   return nil, reason
end

--- Take the turn of a key, when all who asked before have given it back.
---@param key string
---@param patience? number seconds to wait; nil: without end
---@return true? taken, "timeout"|"closed"|nil reason
function Turns:take(key, patience)
   local busy = self._busy
   local state = busy[key]
   if state then
      return wait(self, key, patience)
   elseif state == false then
      self._free = self._free - 1
   end
   busy[key] = true
   return true
end

--- Give the turn back. Whoever took it does so once.
---@param key string
function Turns:give(key)
   give(self, key)
end

--- How many keys are taken.
---@return integer
function Turns:count()
   local count = 0
   for _, state in pairs(self._busy) do
      count = count + (state and 1 or 0)
   end
   return count
end

---@param host table whose tasks wait
---@return kenar.Turns
function turns.new(host)
   return setmetatable({ _host = host, _busy = {}, _free = 0 }, Turns)
end

return turns
