--- A counter that tasks wait on, first come first served.

local semaphore = {}

local Semaphore = {}
Semaphore.__index = Semaphore
Semaphore.__name = "kenar.semaphore"

local function forget(waiters, waiting)
   for i = 1, #waiters do
      if waiters[i] == waiting then
         table.remove(waiters, i)
         return
      end
   end
end

--- Take one; waits while there is none.
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
   self.waiters[#self.waiters + 1] = waiting
   local reason = self.scheduler:wait_at_most(waiting, timeout)
   if reason then
      forget(self.waiters, waiting)
      return nil, reason
   end
   return true
end

--- Give back `n` (default 1), waking as many as wait, the longest-waiting first.
---@param n? integer
function Semaphore:post(n)
   n = n or 1
   local waiters, first = self.waiters, 1
   while n > 0 and waiters[first] do
      if self.scheduler:wake(waiters[first]) then
         n = n - 1
      end
      first = first + 1
   end
   self.count = self.count + n
   local count = #waiters
   for i = 1, count do
      waiters[i] = waiters[i + first - 1]
   end
end

---@param scheduler table whose tasks wait
---@param count integer how many can be taken before the first wait
function semaphore.new(scheduler, count)
   if type(count) ~= "number" or count < 0 then
      error("a semaphore begins with a number of at least 0", 3)
   end
   return setmetatable({ scheduler = scheduler, count = count, waiters = {} }, Semaphore)
end

return semaphore
