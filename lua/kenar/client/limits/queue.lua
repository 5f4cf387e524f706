--- Calls that wait for a permit: replies before bulk sends, each in the order of arrival.
--
-- One task asks for the permit of the first call, and sleeps until the next try. It runs only while a call waits.

local queues = require "kenar.base.queue"

local queue = {}

---@class kenar.CallQueue
local CallQueue = {}
CallQueue.__index = CallQueue

-- Seconds: shorter sleeps cost more than they gain, and may not advance a clock.
local SHORTEST_SLEEP = 1e-3

local function first(self)
   return self._waiting.reply:peek() or self._waiting.bulk:peek()
end

local function wake(self)
   if self._is_asleep then
      self._is_asleep = false
      self._wakeup:post()
   end
end

-- Sleep until `wake` is called at the latest: a reply may arrive, which waits less than a bulk send.
local function sleep(self, seconds)
   self._is_asleep = true
   local _, reason = self._wakeup:wait(math.max(seconds, SHORTEST_SLEEP))
   self._is_asleep = false
   return reason ~= "closed"
end

local function leave(self, place)
   return self._waiting[place.priority]:remove(place.number, place)
end

local function conclude(self, place, has_passed, err)
   leave(self, place)
   place.has_passed, place.err = has_passed, err
   place.semaphore:post()
end

local function serve(self)
   local place = first(self)
   while place do
      local may, seconds, err = self._may_pass(place.priority)
      if may or err then
         -- If the call has timed out meanwhile, its permit is lost.
         conclude(self, place, may, err)
      elseif not sleep(self, seconds) then
         break
      end
      place = first(self)
   end
   self._is_served = false
end

local function begin(self)
   self._is_served = true
   self._wakeup = self._wakeup or self._host.semaphore(0)
   self._host.spawn(serve, self)
end

local function join(self, priority)
   local place = { priority = priority, semaphore = self._host.semaphore(0), number = 0 }
   place.number = self._waiting[priority]:push(place)
   if not self._is_served then
      begin(self)
   elseif priority == "reply" then
      wake(self)
   end
   return place
end

local function wait(self, place, patience)
   -- Waiting raises if it could never end.
   local ok, woken, reason = pcall(place.semaphore.wait, place.semaphore, patience < math.huge and patience or nil)
   if leave(self, place) and not first(self) then
      wake(self) -- so that its task ends
   end
   if not ok then
      error(woken, 0)
   elseif place.has_passed then
      return true
   elseif place.err then
      return nil, "failed", place.err
   end
   return nil, reason
end

--- Take a permit, or wait for one.
---@param priority "reply"|"bulk"
---@param patience number seconds
---@return true? passed
---@return "timeout"|"closed"|"failed"|nil reason
---@return any detail after "timeout" the seconds until the permit, if they are known; after "failed" the error
function CallQueue:pass(priority, patience)
   if not self._is_served then
      self._is_served = true
      local may, seconds, err = self._may_pass(priority)
      self._is_served = false
      if first(self) then
         begin(self) -- a call arrived while the store was read
      end
      if may then
         return true
      elseif err then
         return nil, "failed", err
      elseif seconds > patience then
         return nil, "timeout", seconds
      end
   end
   return wait(self, join(self, priority), patience)
end

--- Try again for the first call now, because a permit may have become free.
function CallQueue:ask_again()
   wake(self)
end

--- How many calls wait.
---@return integer
function CallQueue:count()
   return self._waiting.reply:count() + self._waiting.bulk:count()
end

--- Make a queue.
---@param host table
---@param may_pass fun(priority: string): boolean, number?, any takes a permit: true; else false and the
---   seconds until the next try, or nil and an error
---@return kenar.CallQueue
function queue.new(host, may_pass)
   return setmetatable({
      _host = host, _may_pass = may_pass, _is_asleep = false, _is_served = false,
      _waiting = { reply = queues.new(), bulk = queues.new() },
   }, CallQueue)
end

return queue
