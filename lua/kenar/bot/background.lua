--- Tasks that go on after the response to Divar. They are counted, so that a stop can wait for them.

local background = {}

---@class kenar.Background
local Background = {}
Background.__index = Background

local function leave(self)
   self._count = self._count - 1
   if self._count == 0 and self._quiet then
      self._quiet:post()
   end
end

-- The error is raised again, so that the host logs it.
local function finish(self, ok, ...)
   leave(self)
   if not ok then
      error((...), 0)
   end
   return ...
end

local function run(self, f, ...)
   return finish(self, pcall(f, ...))
end

--- Run `f(...)` as a task.
---@return table task of the host
function Background:spawn(f, ...)
   self._count = self._count + 1
   return self._host.spawn(run, self, f, ...)
end

local function run_unattended(self, f, argument)
   local ok, raised = pcall(f, argument)
   leave(self)
   if not ok then
      error(raised, 0)
   end
end

--- Run `f(argument)` as a task without a result. It costs less than `spawn` on some hosts, and may begin at once.
---@param f fun(argument: any)
---@param argument any
function Background:start(f, argument)
   self._count = self._count + 1
   self._host.start(run_unattended, self, f, argument)
end

--- Wait until all tasks have ended.
---@param patience number seconds
---@return boolean ended
function Background:drain(patience)
   if self._count == 0 then
      return true
   end
   self._quiet = self._host.semaphore(0)
   self._quiet:wait(patience)
   self._quiet = nil
   return self._count == 0
end

---@return integer
function Background:count()
   return self._count
end

---@param host table
---@return kenar.Background
function background.new(host)
   return setmetatable({ _host = host, _count = 0, _quiet = nil }, Background)
end

return background
