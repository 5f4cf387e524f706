--- Where tasks run: light threads in timers of nginx.
--
-- A task has no timer of its own, because nginx accepts more timers than it runs at once (`lua_max_running_timers`, 256
-- by default) and drops the others. A timer runs many tasks as they are spawned. It ends after its share of tasks, or
-- when no task came for a while; nginx frees the memory of a timer, as of a request, only at its end.

local core = require "kenar.core"
local queue = require "kenar.base.queue"
local ngx_semaphore = require "ngx.semaphore"

local clock = core.clock

local runner = {}

local Runner = {}
Runner.__index = Runner

-- Tasks that one timer runs. nginx finds a light thread by walking through all light threads of the timer.
local TASKS_A_TIMER = 64
-- How long a timer waits for the next task, in seconds.
local IDLE = 10
-- Seconds after which a timer that has not begun never will: nginx has run out of timers.
local PATIENCE = 1

local start

local function run_share(self, wakeup)
   local taken = 0
   repeat
      local task = self.tasks:pop()
      while task do
         taken = taken + 1
         ngx.thread.spawn(self.perform, task)
         task = taken < TASKS_A_TIMER and self.tasks:pop()
      end
   until taken >= TASKS_A_TIMER or self.is_ending or not wakeup:wait(IDLE)
end

local function run_tasks(_, self)
   local wakeup = ngx_semaphore.new(0)
   self.starting_since = nil
   repeat
      self.wakeup = wakeup
      run_share(self, wakeup)
      if self.wakeup == wakeup then
         self.wakeup = nil
      end
      -- The next timer takes the tasks that are left; if nginx has no other timer, this one does.
   until self.tasks:is_empty() or self.wakeup or start(self)
end

function start(self)
   local ok, message = ngx.timer.at(0, run_tasks, self)
   self.starting_since = ok and clock()
   return ok, message
end

--- Run `perform(task)` in a timer, after the tasks that were added before.
---@return true|nil ok, string? message nginx has no timer left
function Runner:add(task)
   local place = self.tasks:push(task)
   if self.wakeup then
      self.wakeup:post()
      return true
   elseif self.starting_since and clock() - self.starting_since < PATIENCE then
      return true
   end
   local ok, message = start(self)
   if not ok then
      self.tasks:remove(place, task)
   end
   return ok, message
end

--- The worker ends: no timer waits for further tasks. Tasks that are still added run.
function Runner:finish()
   self.is_ending = true
   if self.wakeup then
      self.wakeup:post()
   end
end

---@param perform fun(task: table) may wait; must not raise
---@return table runner
function runner.new(perform)
   return setmetatable({ perform = perform, tasks = queue.new() }, Runner)
end

return runner
