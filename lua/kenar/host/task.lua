--- A task: one function in a coroutine of its own, and the tasks that wait for its end.

local errors = require "kenar.error"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local task = {}

local Task = {}
Task.__index = Task
Task.__name = "kenar.task"

local function pack(...)
   return { n = select("#", ...), ... }
end

--- Make a task that has not begun; the scheduler runs it.
function task.new(scheduler, f, ...)
   return setmetatable({ scheduler = scheduler, f = f, arguments = pack(...), done = false }, Task)
end

--- Record the outcome of a task, and wake the tasks that wait for it.
---@param self table
---@param ok boolean
---@param ... any the function's results, or its error
function task.finish(self, ok, ...)
   self.done, self.ok, self.results = true, ok, pack(...)
   self.f, self.arguments, self.thread = nil, nil, nil
   local waiters = self.waiters
   if waiters then
      self.waiters = nil
      for i = 1, #waiters do
         self.scheduler:wake(waiters[i])
      end
   end
end

local function forget(waiters, waiting)
   for i = #waiters, 1, -1 do
      if waiters[i] == waiting then
         table.remove(waiters, i)
      end
   end
end

-- Waits for the end; false if it did not come in time.
local function wait(self, timeout)
   local scheduler, waiting = self.scheduler, {}
   self.waiters = self.waiters or {}
   self.waiters[#self.waiters + 1] = waiting
   if timeout then
      scheduler:wait_within(waiting, timeout)
   else
      scheduler:wait(waiting)
   end
   if waiting.reason and not self.done then
      forget(self.waiters, waiting)
   end
   return self.done
end

--- Wait for the task's end.
---@param timeout? number seconds
---@return true|nil done, any result the function's results; or nil and a "timeout" kenar.Error, or the function's error
function Task:wait(timeout)
   if not self.done and not wait(self, timeout) then
      return nil, errors.new { kind = "timeout", message = "the task did not end within " .. timeout .. " s" }
   end
   if self.ok then
      return true, unpack(self.results, 1, self.results.n)
   end
   return nil, self.results[1]
end

return task
