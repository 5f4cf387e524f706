--- Where tasks run: light threads in timers of nginx.
--
-- A timer for each task would not do: nginx accepts more timers than it ever runs at once (`lua_max_running_timers`,
-- 256 by default), and drops the others. So a timer takes many tasks, one after the other as they are spawned, and ends
-- when it had its share or nothing came for a while; a request's memory, which a timer is to nginx, is freed with it.

local core = require "kenar.core"
local queue = require "kenar.base.queue"
local semaphores = require "ngx.semaphore"

local clock = core.clock

local runner = {}

local Runner = {}
Runner.__index = Runner

-- What a timer takes in its life. nginx looks for a light thread by walking through all of its timer's.
local TASKS_A_TIMER = 64
-- How long a timer waits for the next task, in seconds.
local IDLE = 10
-- A timer that has not begun by then never will, in seconds: nginx has run out of them.
local PATIENCE = 1

local start

local function run_share(self, gate)
   local taken = 0
   repeat
      local task = self.tasks:pop()
      while task do
         taken = taken + 1
         ngx.thread.spawn(self.perform, task)
         task = taken < TASKS_A_TIMER and self.tasks:pop()
      end
   until taken >= TASKS_A_TIMER or self.is_ending or not gate:wait(IDLE)
end

local function run_tasks(_, self)
   local gate = semaphores.new(0)
   self.starting_since = nil
   repeat
      self.gate = gate
      run_share(self, gate)
      if self.gate == gate then
         self.gate = nil
      end
      -- What is left is the next timer's, or this one's where nginx has no other.
   until self.tasks:is_empty() or self.gate or start(self)
end

function start(self)
   local ok, message = ngx.timer.at(0, run_tasks, self)
   self.starting_since = ok and clock()
   return ok, message
end

--- Run `perform(task)` in a timer, after those that were given before.
---@return true|nil ok, string? message nginx has no timer left
function Runner:add(task)
   local place = self.tasks:push(task)
   if self.gate then
      self.gate:post()
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

--- The worker ends: no timer waits for further tasks. Those that are given all the same are run.
function Runner:finish()
   self.is_ending = true
   if self.gate then
      self.gate:post()
   end
end

---@param perform fun(task: table) may wait; must not raise
---@return table runner
function runner.new(perform)
   return setmetatable({ perform = perform, tasks = queue.new() }, Runner)
end

return runner
