--- A counting semaphore. Tasks get its permits in the order in which they asked.

local queue = require "kenar.base.queue"

local push, pop = queue.push, queue.pop

local semaphore = {}

local Semaphore = {}
Semaphore.__index = Semaphore
Semaphore.__name = "kenar.semaphore"

--- Take a permit; waits while there is none.
---@param timeout? number seconds; nil waits without end, 0 not at all
---@return true|nil taken, string|nil reason "timeout" or "closed"
function Semaphore:wait(timeout)
   if self.count > 0 then
      self.count = self.count - 1
      return true
   end
   if timeout and timeout <= 0 then
      return nil, "timeout"
   end
   local waiting = {}
   local place = push(self.waiters, waiting)
   local reason = self.scheduler:wait_at_most(waiting, timeout)
   if reason then
      self.waiters:remove(place, waiting)
      return nil, reason
   end
   return true
end

--- Give back `n` permits (default 1). Tasks that wait get them first, in their order.
---@param n? integer
function Semaphore:post(n)
   n = n or 1
   local waiters = self.waiters
   local waiting = n > 0 and pop(waiters)
   while waiting do
      if self.scheduler:wake(waiting) then
         n = n - 1
      end
      waiting = n > 0 and pop(waiters)
   end
   self.count = self.count + n
end

---@param scheduler table whose tasks wait
---@param count integer permits at the start
function semaphore.new(scheduler, count)
   if type(count) ~= "number" or count < 0 then
      error("a semaphore begins with a number of at least 0", 3)
   end
   return setmetatable({ scheduler = scheduler, count = count, waiters = queue.new() }, Semaphore)
end

return semaphore
