--- Tasks and waits on nginx's primitives, with the interface that kenar.host.task and kenar.host.semaphore need.
--
-- Each wait is a wait on a semaphore of nginx, in any request or timer; waking posts to that semaphore. When nginx ends
-- a worker, it lets requests and timers finish: from then on `closing` is true. A wait with a limit later than
-- `stop_deadline` seconds ends at once; a wait without a limit ends after `stop_deadline` seconds.

local core = require "kenar.core"
local phases = require "kenar.host.resty.phases"
local runners = require "kenar.host.resty.runner"
local ngx_semaphore = require "ngx.semaphore"
local tasks = require "kenar.host.task"

local unpack = table.unpack or unpack -- luacheck: ignore 143
local clock = core.clock

local scheduler = {}

local Scheduler = {}
Scheduler.__index = Scheduler

-- The longest and the shortest wait of one call to nginx, in seconds: nginx counts milliseconds in an int.
local LONGEST, SHORTEST = 86400, 0.001
-- Semaphores kept for the next wait.
local KEPT_SEMAPHORES = 256
-- How often a wait is refused after a stop before it raises: the caller may be an endless loop, which would block the
-- worker.
local REFUSALS = 10000

local function take_semaphore(self)
   local semaphores = self.semaphores
   local semaphore = semaphores[#semaphores]
   if semaphore then
      semaphores[#semaphores] = nil
      return semaphore
   end
   return assert(ngx_semaphore.new(0))
end

-- A post may come in the moment in which the wait times out, and must not end the next wait.
local function give_semaphore(self, semaphore)
   if #self.semaphores < KEPT_SEMAPHORES and semaphore:count() == 0 then
      self.semaphores[#self.semaphores + 1] = semaphore
   end
end

-- The time at which a wait ends without a wake-up, and its reason then.
local function limit_of(self, waiting, ends_at, now)
   local over_at = waiting.is_interruptible and self.over_at
   if not over_at or ends_at and ends_at <= over_at then
      return ends_at, "timeout"
   end
   return ends_at and now or over_at, "closed"
end

local function wait_until(self, waiting, ends_at)
   phases.check("waiting", 4)
   local semaphore = take_semaphore(self)
   waiting.semaphore = semaphore
   while not waiting.woken do
      local now = clock()
      local limit, reason = limit_of(self, waiting, ends_at, now)
      local left = limit and limit - now or LONGEST
      if left <= 0 then
         waiting.woken, waiting.reason = true, reason
      else
         -- nginx counts a timeout from its cached time, so that it may come early.
         semaphore:wait(math.max(SHORTEST, math.min(left, LONGEST)))
      end
   end
   waiting.semaphore = nil
   give_semaphore(self, semaphore)
end

--- Wait until `wake` is called for this table, which the caller makes for each wait.
---@param waiting table
function Scheduler:wait(waiting)
   wait_until(self, waiting)
end

--- The same for at most `seconds`; `waiting.reason` is "timeout" then.
function Scheduler:wait_within(waiting, seconds)
   wait_until(self, waiting, clock() + seconds)
end

--- Wait at most `seconds` (nil: without end); a stop of the host ends it as well.
---@return "timeout"|"closed"|nil reason nil if `wake` ended the wait
function Scheduler:wait_at_most(waiting, seconds)
   if self:is_over() then
      self.refusals = self.refusals + 1
      if self.refusals > REFUSALS then
         error("the host has stopped, and this waits again and again", 0)
      end
      return "closed"
   end
   self:watch_worker()
   waiting.is_interruptible = true
   self.interruptible[waiting] = true
   wait_until(self, waiting, seconds and clock() + seconds)
   self.interruptible[waiting] = nil
   return waiting.reason
end

--- End a wait.
---@param waiting table
---@param reason? string why the wait is over although the awaited event has not happened
---@return boolean woken false if the wait was over already
function Scheduler:wake(waiting, reason)
   if waiting.woken then
      return false
   end
   waiting.woken, waiting.reason = true, reason
   if waiting.semaphore then
      waiting.semaphore:post()
   end
   return true
end

--- Whether new waits and requests are refused.
function Scheduler:is_over()
   return self.over_at ~= nil and clock() >= self.over_at
end

--- Stop: waits with a later limit than `seconds` from now end at once, waits without a limit then.
---@param seconds number
function Scheduler:stop(seconds)
   self.over_at = math.min(self.over_at or math.huge, clock() + seconds)
   self.runner:finish()
   for listener in pairs(self.stop_listeners) do
      listener()
   end
   for waiting in pairs(self.interruptible) do
      if waiting.semaphore then
         waiting.semaphore:post() -- the waiting loop computes its limit again
      end
   end
end

-- When a worker begins to end, nginx runs its pending timers at once. There is no other notice.
local function on_worker_timer(premature, self)
   self.is_watching = false
   if premature then
      self:stop(self.stop_deadline)
      -- This runs outside of nginx's event loop, which otherwise resumes the tasks only after its next timeout.
      ngx.sleep(SHORTEST)
   elseif not self.over_at then
      self:watch_worker()
   end
end

--- Make sure that a timer watches for the end of the worker.
function Scheduler:watch_worker()
   if not self.is_watching and not self.over_at then
      self.is_watching = ngx.timer.at(LONGEST, on_worker_timer, self) and true or false
      if not self.is_watching and ngx.worker.exiting() then
         self:stop(self.stop_deadline)
      end
   end
end

local function trace(err)
   return { err = err, traceback = debug.traceback(tostring(err), 2) }
end

local function finish(self, task, ok, ...)
   self.living = self.living - 1
   if ok then
      tasks.finish(task, true, ...)
   else
      -- A memory error does not pass through the message handler: it is a string.
      local failure = ...
      failure = type(failure) == "table" and failure or { err = failure, traceback = tostring(failure) }
      tasks.finish(task, false, failure.err)
      self:report(failure.err, failure.traceback)
   end
   if self.living == 0 then
      local waiters = self.end_waiters
      self.end_waiters = {}
      for _, waiting in ipairs(waiters) do
         self:wake(waiting)
      end
   end
end

--- Report an error that no code can catch. An error in `on_error` is logged.
function Scheduler:report(err, traceback)
   local ok, why = pcall(self.on_error, err, traceback)
   if not ok then
      ngx.log(ngx.ERR, "on_error failed: ", tostring(why))
   end
end

--- Run `f(...)` as a task of its own, in a timer.
---@return table task with `task:wait(timeout)`
function Scheduler:spawn(f, ...)
   if type(f) ~= "function" then
      error("spawn takes a function, got " .. type(f), 3)
   elseif ngx.get_phase() == "init" then
      error("host.spawn needs a worker: nginx's phase init comes before there is one", 3)
   end
   local task = tasks.new(self, f, ...)
   local ok, message = self.runner:add(task)
   if not ok then
      error("nginx refuses the timer that tasks run in: " .. tostring(message), 3)
   end
   self.living = self.living + 1
   self:watch_worker()
   return task
end

--- Wait until no task is left.
function Scheduler:wait_for_all()
   while self.living > 0 do
      local waiting = {}
      self.end_waiters[#self.end_waiters + 1] = waiting
      self:wait(waiting)
   end
end

--- Make a scheduler.
---@param options { on_error: fun(err: any, traceback: string), stop_deadline: number }
function scheduler.new(options)
   local self = setmetatable({
      on_error = options.on_error, stop_deadline = options.stop_deadline, over_at = nil,
      -- Weak: nginx may end a request in the middle of a wait.
      interruptible = setmetatable({}, { __mode = "k" }),
      stop_listeners = setmetatable({}, { __mode = "k" }),
      semaphores = {}, end_waiters = {}, living = 0, refusals = 0, is_watching = false,
   }, Scheduler)
   self.runner = runners.new(function(task)
      local arguments = task.arguments
      finish(self, task, xpcall(task.f, trace, unpack(arguments, 1, arguments.n)))
   end)
   return self
end

return scheduler
