--- One question to Redis for all that tasks of one worker ask while the last one is under way.
--
-- Who asks when nobody else does waits for nobody. Where many ask at once, they share the round trip, the script's
-- beginning, and the disk's answer where Redis waits for the disk.

local errors = require "kenar.error"

local batch = {}

---@class kenar.RedisBatch
local Batch = {}
Batch.__index = Batch

-- At most so many in one: Redis does nothing else meanwhile.
local LARGEST = 64

local function failure(raised)
   return errors.is(raised) and raised or errors.new { kind = "store", message = tostring(raised) }
end

-- Ask for the first ones in line.
local function ask(self)
   local line, asked, items, rest = self._line, {}, {}, {}
   for i, place in ipairs(line) do
      if i <= LARGEST then
         asked[i], items[i], place.is_asked = place, place.item, true
      else
         rest[#rest + 1] = place
      end
   end
   self._line = rest
   local ok, results, err = pcall(self._run, items)
   for i, place in ipairs(asked) do
      place.is_over = true
      if ok and results then
         place.result = results[i]
      else
         place.err = failure(ok and err or results)
      end
   end
   return asked
end

-- Ask for all who are in line, and let the first of those who have come meanwhile ask next.
local function lead(self, own)
   self._is_busy = true
   for _, place in ipairs(ask(self)) do
      if place ~= own then
         place.woken:post()
      end
   end
   local successor = self._line[1]
   self._is_busy = successor ~= nil
   if successor then
      successor.is_leader = true
      successor.woken:post()
   end
end

-- On a host that stops nobody waits: who is still in line asks by himself.
local function leave(self, place)
   for i, other in ipairs(self._line) do
      if other == place then
         table.remove(self._line, i)
         local results, err = self._run { place.item }
         return results and results[1], err
      end
   end
   return nil, errors.new { kind = "closed", message = "the host has stopped" }
end

--- Ask, and wait for the answer.
---@param item any
---@return any result, kenar.Error? err
function Batch:submit(item)
   local place = { item = item }
   self._line[#self._line + 1] = place
   if self._is_busy then
      place.woken = self._host.semaphore(0)
      place.woken:wait()
      if not place.is_over and not place.is_leader then
         return leave(self, place)
      end
   end
   if not place.is_over then
      lead(self, place)
   end
   return place.result, place.err
end

---@param host table
---@param run fun(items: any[]): any[]?, any results in the order of the items, or nil and an error for all of them
---@return kenar.RedisBatch
function batch.new(host, run)
   return setmetatable({ _host = host, _run = run, _line = {}, _is_busy = false }, Batch)
end

return batch
