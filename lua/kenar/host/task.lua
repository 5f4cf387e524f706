--- One function that runs by itself, and those who wait for its end.

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

--- Record how a task ended, and wake those who wait for that.
---@param self table
---@param ok boolean
---@param ... any what the function returned, or what it raised
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

-- Wait for the end; false when it did not come in time.
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
---@return true|nil done, any result what the function returned; or nil and a "timeout" kenar.Error, or what it raised
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
