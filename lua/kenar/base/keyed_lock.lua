--- A lock for each key. Tasks get the lock of a key in the order in which they asked for it.

local keyed_queue = require "kenar.base.keyed_queue"

local keyed_lock = {}

---@class kenar.KeyedLock
local KeyedLock = {}
KeyedLock.__index = KeyedLock
KeyedLock.__name = "kenar.keyed_lock"

local function wait(self, key, patience)
   local permit = self._host.semaphore(0)
   local place = self._queue:push(key, permit)
   -- Waiting raises if nothing is left that could end it.
   local ok, taken, reason = pcall(permit.wait, permit, patience)
   if ok and taken then
      return true
   end
   if not self._queue:remove(key, place, permit) then
      self:give(key) -- the lock came at the same moment
   end
   if not ok then
      error(taken, 0)
   end
   return nil, reason
end

--- Take the lock of a key; waits while another task has it.
---@param key string
---@param patience? number seconds to wait; nil: without end
---@return true? taken, "timeout"|"closed"|nil reason
function KeyedLock:take(key, patience)
   if self._queue:take(key) then
      return true
   end
   return wait(self, key, patience)
end

--- Give the lock back. The task that took it does so once.
---@param key string
function KeyedLock:give(key)
   local permit = self._queue:release(key)
   if permit then
      permit:post()
   end
end

--- How many locks are taken.
---@return integer
function KeyedLock:count()
   return self._queue:count()
end

---@param host kenar.Host whose tasks wait
---@return kenar.KeyedLock
function keyed_lock.new(host)
   return setmetatable({ _host = host, _queue = keyed_queue.new() }, KeyedLock)
end

return keyed_lock
