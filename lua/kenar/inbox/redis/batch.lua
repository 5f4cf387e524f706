--- Collects what the tasks of a worker submit while a run is under way, and runs it as one batch.
--
-- A task that submits while nothing runs does not wait for others. Tasks that submit at the same time share the round
-- trip, the beginning of the script, and Redis's wait for the disk if it has one.

local errors = require "kenar.error"
local queue = require "kenar.base.queue"

local batch = {}

---@class kenar.RedisBatch
local Batch = {}
Batch.__index = Batch

-- The most items of one run: Redis executes no other command meanwhile.
local LARGEST = 64

local function failure(raised)
   return errors.is(raised) and raised or errors.new { kind = "store", message = tostring(raised) }
end

-- Run the first entries of the queue, and give each its result.
local function run(self)
   local entries, items = {}, {}
   for i = 1, math.min(LARGEST, self._queue:count()) do
      entries[i] = self._queue:pop()
      items[i] = entries[i].item
   end
   local ok, results, err = pcall(self._run, items)
   for i, entry in ipairs(entries) do
      entry.is_over = true
      if ok and results then
         entry.result = results[i]
      else
         entry.err = failure(ok and err or results)
      end
   end
   return entries
end

-- Run the queue for all tasks that wait. The task of the first entry that came meanwhile leads the next run.
local function lead(self, own)
   self._is_busy = true
   for _, entry in ipairs(run(self)) do
      if entry ~= own then
         entry.woken:post()
      end
   end
   local successor = self._queue:peek()
   self._is_busy = successor ~= nil
   if successor then
      successor.is_leader = true
      successor.woken:post()
   end
end

-- On a host that stops no task waits: each runs its own item, unless the item is in a run already.
local function leave(self, entry)
   if self._queue:remove(entry.place, entry) then
      local results, err = self._run { entry.item }
      return results and results[1], err
   end
   return nil, errors.new { kind = "closed", message = "the host has stopped" }
end

--- Submit an item, and wait for its result.
---@param item any
---@return any result, kenar.Error? err
function Batch:submit(item)
   local entry = { item = item }
   entry.place = self._queue:push(entry)
   if self._is_busy then
      entry.woken = self._host.semaphore(0)
      entry.woken:wait()
      if not entry.is_over and not entry.is_leader then
         return leave(self, entry)
      end
   end
   if not entry.is_over then
      lead(self, entry)
   end
   return entry.result, entry.err
end

---@param host kenar.Host
---@param f fun(items: any[]): any[]?, any runs the items; results in their order, or nil and an error for all of them
---@return kenar.RedisBatch
function batch.new(host, f)
   return setmetatable({ _host = host, _run = f, _queue = queue.new(), _is_busy = false }, Batch)
end

return batch
