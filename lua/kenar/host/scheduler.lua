--- Tasks and waits: coroutines that are resumed when their wait is over.
--
-- Waiting works everywhere. In a task the coroutine yields. Elsewhere (a plain script, a coroutine of the program's own
-- inside a task, a callback of C such as table.sort's) the wait runs the loop until the wait is over.

local errors = require "kenar.error"
local queue = require "kenar.base.queue"
local tasks = require "kenar.host.task"
local timers = require "kenar.base.timers"

local unpack = table.unpack or unpack -- luacheck: ignore 143
local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield
local running = coroutine.running
local push, pop = queue.push, queue.pop
-- Inside nginx coroutines are its own, which have no isyieldable.
local is_yieldable, close = coroutine.isyieldable or coroutine.running, coroutine.close -- luacheck: ignore 143

local scheduler = {}

-- Threads kept for the next task.
local KEPT_THREADS = 256
-- Waits outside of tasks are nested on the C stack, which has room for some 200 calls.
local NESTED_WAITS = 20
-- How often a wait is refused after a stop before it raises: the caller may be an endless loop.
local REFUSALS = 10000

local Scheduler = {}
Scheduler.__index = Scheduler

--- End a wait: `waiting.woken` is true from now on, and its task is resumed in the next turn.
---@param waiting table
---@param reason? string why the wait is over although the awaited event has not happened
---@return boolean woken false if the wait was over already
function Scheduler:wake(waiting, reason)
   if waiting.woken then
      return false
   end
   waiting.woken, waiting.reason = true, reason
   if waiting.task then
      push(self.ready, waiting.task)
   end
   return true
end

--- Whether a task could run at once.
function Scheduler:has_ready()
   local ready = self.ready
   return ready.first <= ready.last
end

-- Waits by running the other tasks. Too deep in nested waits no task runs; only an event from outside ends the wait.
local function block(self, waiting)
   local is_deep = self.depth >= NESTED_WAITS
   if is_deep and not waiting.is_external then
      error("too many waits inside coroutines that are no tasks: use host.spawn", 4)
   end
   self.depth = self.depth + 1
   while not waiting.woken do
      if not self.turn(is_deep) then
         self.depth = self.depth - 1
         error("everything waits, and nothing is left that could wake it", 4)
      end
   end
   self.depth = self.depth - 1
end

--- Wait until `wake` is called for this table, which the caller makes for each wait. `is_external` says that an event
--- outside of the tasks ends the wait.
---@param waiting table
function Scheduler:wait(waiting)
   local task = self.current
   -- Only a task's own coroutine may yield to the loop, and not across a callback of C.
   if task and running() == task.thread and is_yieldable() then
      waiting.task, task.waiting = task, waiting
      yield()
      task.waiting = nil
   else
      block(self, waiting)
   end
end

--- The same for at most `seconds`; `waiting.reason` is "timeout" then.
function Scheduler:wait_within(waiting, seconds)
   self.timers:add(waiting, self.clock() + seconds)
   self:wait(waiting)
   self.timers:remove(waiting)
end

--- Wait at most `seconds` (nil: without end); a stop of the host ends it as well.
---@return "timeout"|"closed"|nil reason nil if `wake` ended the wait
function Scheduler:wait_at_most(waiting, seconds)
   if self.stopped then
      self.refusals = self.refusals + 1
      if self.refusals > REFUSALS then
         error(errors.new { kind = "closed", message = "the host has stopped, and this waits again and again" }, 0)
      end
      return "closed"
   end
   if seconds then
      self.timers:add(waiting, self.clock() + seconds)
   end
   self.interruptible[waiting] = true
   self:wait(waiting)
   self.interruptible[waiting] = nil
   if seconds then
      self.timers:remove(waiting)
   end
   return waiting.reason
end

--- End the interruptible waits, and refuse new ones.
function Scheduler:stop()
   self.stopped = true
   local waits = self.interruptible
   self.interruptible = {}
   for waiting in pairs(waits) do
      self:wake(waiting, "closed")
   end
end

--- End the waits whose time is over.
function Scheduler:fire_timers()
   if self.timers.count == 0 then
      return
   end
   local now = self.clock()
   local due = self.timers:pop(now)
   while due do
      self:wake(due, "timeout")
      due = self.timers:pop(now)
   end
end

local function finish(self, task, ok, ...)
   self.living = self.living - 1
   tasks.finish(task, ok, ...)
end

-- The life of a thread: one task after the other.
local function work(self, task)
   while true do
      local arguments = task.arguments
      finish(self, task, true, task.f(unpack(arguments, 1, arguments.n)))
      task, arguments = nil, nil -- luacheck: ignore 311
      task = yield()
   end
end

--- Report an error that no code can catch. An error in `on_error` goes to stderr.
function Scheduler:report(err, traceback)
   local ok, why = pcall(self.on_error, err, traceback)
   if not ok then
      io.stderr:write("on_error failed: ", tostring(why), "\n")
   end
end

local function fail(self, task, thread, err)
   finish(self, task, false, err)
   self:report(err, debug.traceback(thread, tostring(err)))
   if close then
      close(thread)
   end
end

local function work_unattended(self, task, a, b, c)
   task.f(a, b, c)
   self.living = self.living - 1
   task.done, task.f = true, nil
end

-- The life of a thread for tasks without waiters. Between two tasks it keeps nothing of the last one.
local function work_on_unattended(self, task)
   while true do
      work_unattended(self, task, yield())
   end
end

local function run(self, task, ...)
   local thread, outer = task.thread, self.current
   local ok, err
   self.current = task
   if thread then
      ok, err = resume(thread, ...)
   else
      local threads = self.threads
      thread = threads[#threads]
      if thread then
         threads[#threads] = nil
         task.thread = thread
         ok, err = resume(thread, task)
      else
         thread = create(work)
         task.thread = thread
         ok, err = resume(thread, self, task)
      end
   end
   self.current = outer
   if not ok then
      fail(self, task, thread, err)
   elseif task.done then
      local kept = task.is_unattended and self.unattended or self.threads
      if #kept < KEPT_THREADS then
         kept[#kept + 1] = task.is_unattended and task or thread
      end
   elseif not task.waiting then
      fail(self, task, thread, "a task called coroutine.yield, and nothing will resume it: wait with the host")
   end
end

--- Run `f(a, b, c)` as a task that nobody can wait for. Its first part runs before this returns. It costs half as much
--- as `spawn`, for events that come ten thousand times a second.
function Scheduler:start(f, a, b, c)
   local kept = self.unattended
   local task = kept[#kept]
   if task then
      kept[#kept], task.done, task.f = nil, false, f
   else
      task = { is_unattended = true, thread = create(work_on_unattended), f = f, done = false, waiting = nil }
      resume(task.thread, self, task)
   end
   self.living = self.living + 1
   run(self, task, a, b, c)
end

--- Run the tasks that are ready now; tasks that become ready meanwhile run at the next call.
function Scheduler:run_ready()
   local ready = self.ready
   for _ = 1, ready:count() do
      local task = pop(ready)
      if not task then
         break -- a wait inside one of the tasks ran the others
      end
      run(self, task)
   end
end

--- Run `f(...)` as a task of its own, beginning in the next turn.
---@return table task with `task:wait(timeout)`
function Scheduler:spawn(f, ...)
   if type(f) ~= "function" then
      error("spawn takes a function, got " .. type(f), 3)
   end
   local task = tasks.new(self, f, ...)
   self.living = self.living + 1
   push(self.ready, task)
   return task
end

--- Make a scheduler. `turn(is_deep)` waits for an event outside and calls `wake` for it, runs the ready tasks unless
--- `is_deep`, and returns false if no event can come any more.
---@param options { clock: function, turn: function, on_error: function }
function scheduler.new(options)
   return setmetatable({
      clock = options.clock, turn = options.turn, on_error = options.on_error,
      timers = timers.new(), interruptible = {},
      ready = queue.new(),
      threads = {}, unattended = {}, current = nil, depth = 0, living = 0, refusals = 0, stopped = false,
   }, Scheduler)
end

return scheduler
