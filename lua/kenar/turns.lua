--- One after the other for each key, first come first served; keys do not wait for each other.
--
-- A key has an entry here only while somebody has its turn: `true`, or the line of those who wait for it. Most keys
-- never have a line, so that a turn costs a look into a table and no more.

local turns = {}

---@class kenar.Turns
local Turns = {}
Turns.__index = Turns

-- Hand the turn to whoever has waited longest.
local function give(busy, key)
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
   busy[key] = nil
end

-- Who goes away leaves a gap, unless the turn came at the same moment: then it is the next one's.
local function give_up(busy, key, line, number)
   if number < line.first then
      give(busy, key)
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
   give_up(busy, key, line, number)
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
   if busy[key] then
      return wait(self, key, patience)
   end
   busy[key] = true
   return true
end

--- Give the turn back. Whoever took it does so once.
---@param key string
function Turns:give(key)
   give(self._busy, key)
end

--- How many keys are taken.
---@return integer
function Turns:count()
   local count = 0
   for _ in pairs(self._busy) do
      count = count + 1
   end
   return count
end

---@param host table whose tasks wait
---@return kenar.Turns
function turns.new(host)
   return setmetatable({ _host = host, _busy = {} }, Turns)
end

return turns
