--- Tasks and waits on nginx's primitives, with the interface that kenar.host.task and kenar.host.semaphore are
--- written against.
--
-- A wait is one on a semaphore of nginx, in whatever request or timer it is called; waking posts that. nginx lets a
-- worker that is to end finish what it does: from then on `closing` is true and waits that would end later than
-- `stop_deadline` seconds end at once, those without an end of their own then.

local core = require "kenar.core"
local phases = require "kenar.host.resty.phases"
local runners = require "kenar.host.resty.runner"
local semaphores = require "ngx.semaphore"
local tasks = require "kenar.host.task"

local unpack = table.unpack or unpack -- luacheck: ignore 143
local clock = core.clock

local scheduler = {}

local Scheduler = {}
Scheduler.__index = Scheduler

-- The longest and the shortest wait that is one call of nginx's, in seconds: it counts milliseconds in an int.
local LONGEST, SHORTEST = 86400, 0.001
-- Semaphores kept for the next wait.
local KEPT_GATES = 256
-- How often waiting is refused after a stop before the caller is taken for a loop that never looks at the answer: it
-- would hold up the worker.
local REFUSALS = 10000

local function take_gate(self)
   local gates = self.gates
   local gate = gates[#gates]
   if gate then
      gates[#gates] = nil
      return gate
   end
   return assert(semaphores.new(0))
end

-- A wake-up may come at the same moment as the end of the wait, and must not wake the next one.
local function give_gate(self, gate)
   if #self.gates < KEPT_GATES and gate:count() == 0 then
      self.gates[#self.gates + 1] = gate
   end
end

-- When a wait ends by itself, and why.
local function limit_of(self, waiting, ends_at, now)
   local over_at = waiting.is_interruptible and self.over_at
   if not over_at or ends_at and ends_at <= over_at then
      return ends_at, "timeout"
   end
   return ends_at and now or over_at, "closed"
end

local function wait_until(self, waiting, ends_at)
   phases.check("waiting", 4)
   local gate = take_gate(self)
   waiting.gate = gate
   while not waiting.woken do
      local now = clock()
      local limit, reason = limit_of(self, waiting, ends_at, now)
      local left = limit and limit - now or LONGEST
      if left <= 0 then
         waiting.woken, waiting.reason = true, reason
      else
         -- Time-outs of nginx are counted from the time it last looked at: they may come early.
         gate:wait(math.max(SHORTEST, math.min(left, LONGEST)))
      end
   end
   waiting.gate = nil
   give_gate(self, gate)
end

--- Wait until `wake` was called for this table, which the caller made for this one wait.
---@param waiting table
function Scheduler:wait(waiting)
   wait_until(self, waiting)
end

--- The same for at most `seconds`; `waiting.reason` is "timeout" then.
function Scheduler:wait_within(waiting, seconds)
   wait_until(self, waiting, clock() + seconds)
end

--- Wait at most `seconds` (nil: without end); a stop of the host ends it as well.
---@return string|nil reason nil when woken by what was waited for; "timeout"; "closed"
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

--- Let what waits go on.
---@param waiting table
---@param reason? string why it ends without what was waited for
---@return boolean woken false when it was woken before
function Scheduler:wake(waiting, reason)
   if waiting.woken then
      return false
   end
   waiting.woken, waiting.reason = true, reason
   if waiting.gate then
      waiting.gate:post()
   end
   return true
end

--- Whether nothing new may begin.
function Scheduler:is_over()
   return self.over_at ~= nil and clock() >= self.over_at
end

--- End what can be ended within `seconds`: waits that would take longer at once.
---@param seconds number
function Scheduler:stop(seconds)
   self.over_at = math.min(self.over_at or math.huge, clock() + seconds)
   self.runner:finish()
   for listener in pairs(self.stop_listeners) do
      listener()
   end
   for waiting in pairs(self.interruptible) do
      if waiting.gate then
         waiting.gate:post() -- it looks again at how long it may wait
      end
   end
end

-- nginx runs timers that have not fallen due when the worker begins to end; nothing else tells of that.
local function on_worker_timer(premature, self)
   self.is_watching = false
   if premature then
      self:stop(self.stop_deadline)
      -- This runs outside of nginx's loop, which would otherwise not look at what was woken before some time-out.
      ngx.sleep(SHORTEST)
   elseif not self.over_at then
      self:watch_worker()
   end
end

--- Hear of the worker's end. Costs nothing when that is done already.
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

--- Tell of an error that nobody can catch. Telling must not end what called it, whatever the listener does.
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
      -- What was waiting in a request that nginx has ended must not be kept.
      interruptible = setmetatable({}, { __mode = "k" }),
      stop_listeners = setmetatable({}, { __mode = "k" }),
      gates = {}, end_waiters = {}, living = 0, refusals = 0, is_watching = false,
   }, Scheduler)
   self.runner = runners.new(function(task)
      local arguments = task.arguments
      finish(self, task, xpcall(task.f, trace, unpack(arguments, 1, arguments.n)))
   end)
   return self
end

return scheduler
