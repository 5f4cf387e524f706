--- The host of a program of its own: one thread, one poll, coroutines.
--
-- One turn waits for libcurl's transfers, for the descriptors of watched objects (an HTTP server, signals) and for the
-- next timer, whichever comes first; then it resumes the tasks whose waits are over.
-- A request's `headers` table is compiled once and recognised by identity: never change it.

local contract = require "kenar.host.contract"
local core = require "kenar.core"
local errors = require "kenar.error"
local printable = require "kenar.base.printable"
local schedulers = require "kenar.host.scheduler"
local semaphores = require "kenar.host.semaphore"
local transfers = require "kenar.host.loop.transfers"

local unpack = table.unpack or unpack -- luacheck: ignore 143
local clock = core.clock

local loop = {}

local Loop = {}
Loop.__index = Loop
Loop.__name = "kenar.loop"

local POOL_OPTIONS = { "max_transfers", "idle", "http2", "proxy", "ca_file", "insecure_http" }
-- Turns that tasks have for cleaning up after their waits were ended.
local LAST_TURNS = 100
-- One turn for the tasks that are ready, one for the tasks that these make ready.
local SETTLING_TURNS = 2

local function default_on_error(_, traceback)
   io.stderr:write(printable.text(traceback), "\n")
end

local function serve_watched(self)
   for i = #self.watched, 1, -1 do
      local entry = self.watched[i]
      if entry and not entry.is_running then
         entry.is_running = true
         local wanted = entry.object:ready()
         entry.wanted_at = wanted and clock() + wanted
         entry.is_running = false
      end
   end
end

local function earlier(a, b)
   return a and b and math.min(a, b) or a or b
end

-- The longest time for the poll; nil: until something happens.
local function patience(self, tasks, max_wait)
   local earliest = tasks.timers:next_at()
   for i = 1, #self.watched do
      earliest = earlier(earliest, self.watched[i].wanted_at)
   end
   if tasks.stopped then
      earliest = earlier(earliest, self.deadline)
   end
   return earlier(earliest and math.max(0, earliest - clock()), max_wait)
end

local function turn(self, max_wait, is_deep)
   local tasks, requests = self.scheduler, self.transfers
   -- A deep wait does not run ready tasks, so it sleeps although there are some.
   if not is_deep and tasks:has_ready() then
      max_wait = 0
   elseif tasks.timers.count > 0 or self.watched[1] or tasks.stopped then
      max_wait = patience(self, tasks, max_wait)
   end
   requests:step(max_wait, unpack(self.fds))
   if tasks.timers.count > 0 then
      tasks:fire_timers()
   end
   if tasks.stopped and clock() >= self.deadline then
      requests:close()
   end
   if is_deep then
      return
   end
   if self.watched[1] then
      serve_watched(self)
   end
   if tasks:has_ready() then
      tasks:run_ready()
      serve_watched(self) -- sends the responses of these tasks now, not after the next event
   end
end

--- One turn: wait at most `max_wait` seconds (nil: until something happens), then run what is ready.
---@param max_wait? number
function Loop:step(max_wait)
   turn(self, max_wait)
end

-- After the deadline of a stop, or when all tasks have ended before it: end the rest.
local function end_all(self)
   self.transfers:close()
   for _ = 1, LAST_TURNS do
      self.scheduler:run_ready()
   end
   for _, signals in ipairs(self.signals) do
      signals:close()
   end
   self.signals, self.watched, self.fds, self.foreground = {}, {}, {}, 0
end

local function has_work(self)
   local tasks = self.scheduler
   return self.transfers.count > 0 or tasks.timers.count > 0 or tasks:has_ready() or self.foreground > 0
end

-- Whether a wait can still end.
local function is_alive(self)
   return has_work(self) or #self.watched > 0
end

--- Run until `finished()` is true; without it, until nothing is left to do. After `stop`, run until the stop is over.
--- Raises if no wait can end any more.
---@param finished? fun(): boolean
function Loop:run(finished)
   local tasks = self.scheduler
   if tasks.current then
      error("run was called inside a task", 2)
   end
   while not tasks.stopped do
      if finished and finished() then
         return
      end
      if not finished and not has_work(self) then
         return
      end
      if not is_alive(self) then
         error("everything waits, and nothing is left that could wake it", 2)
      end
      turn(self)
   end
   while tasks.living > 0 and clock() < self.deadline do
      turn(self)
   end
   end_all(self)
end

--- Stop: `closing()` is true from now on, sleeps and waits end with `nil, "closed"`, and new requests are refused.
--- Requests under way have `deadline` seconds (default 0); then they end with the error "closed". This does not wait:
--- `run` returns when the stop is over.
---@param deadline? number seconds
function Loop:stop(deadline)
   if not self.scheduler.stopped then
      self.deadline = clock() + (deadline or 0)
      self.scheduler:stop()
   end
end

--- Watch an object: `object:fd()` is polled, and `object:ready()` is called in every turn. It returns the seconds until
--- the next call (nil: when its descriptor is readable). `run` returns although `is_background` objects are watched.
---@param object table
---@param is_background? boolean
function Loop:watch(object, is_background)
   self.fds[#self.fds + 1] = object:fd()
   self.watched[#self.watched + 1] = { object = object, is_background = is_background, wanted_at = clock() }
   self.foreground = self.foreground + (is_background and 0 or 1)
end

--- Stop watching an object, which may then be closed.
---@param object table
function Loop:unwatch(object)
   for i, entry in ipairs(self.watched) do
      if entry.object == object then
         table.remove(self.watched, i)
         table.remove(self.fds, i)
         self.foreground = self.foreground - (entry.is_background and 0 or 1)
         return
      end
   end
end

--- Call `f(name)` in a task at each of these signals: `host:on_signal({ "TERM", "INT" }, f)`.
---@param names string[]
---@param f fun(name: string)
function Loop:on_signal(names, f)
   local signals = assert(core.signals(unpack(names)))
   self.signals[#self.signals + 1] = signals
   local watcher = {}
   function watcher.fd()
      return signals:fd()
   end
   function watcher.ready()
      local name = signals:read()
      while name do
         self.spawn(f, name)
         name = signals:read()
      end
   end
   self:watch(watcher, true)
end

--- Run ready tasks, and the tasks that these make ready. A request may then be answered in the turn in which it
--- arrived, which is cheaper than in the next turn.
function Loop:settle()
   local tasks = self.scheduler
   for _ = 1, SETTLING_TURNS do
      if tasks:has_ready() then
         tasks:run_ready()
      end
   end
end

--- How many tasks have not ended.
---@return integer
function Loop:count()
   return self.scheduler.living
end

-- The functions of the contract of hosts, which are called without a self.
local function add_contract(self, tasks)
   self.now, self.clock = core.now, clock

   function self.closing()
      return tasks.stopped
   end

   function self.request(req)
      if tasks.stopped then
         return nil, errors.new { kind = "closed", message = "the host has stopped", sent = "no", method = req.method }
      end
      return self.transfers:request(req)
   end

   function self.sleep(seconds)
      if tasks:wait_at_most({ is_external = true }, seconds) == "closed" then
         return nil, "closed"
      end
      return true
   end

   function self.spawn(f, ...)
      return tasks:spawn(f, ...)
   end

   function self.start(f, a, b, c)
      tasks:start(f, a, b, c)
   end

   function self.semaphore(count)
      return semaphores.new(tasks, count)
   end

   function self.stats()
      return self.transfers:stats()
   end
end

--- Make a loop. Options: those of `kenar.curl`'s pool (`max_transfers` 64, `idle` 30 s, `http2`, `proxy`, `ca_file`,
--- `insecure_http`), and `on_error(err, traceback)`, called for tasks that raised (default: stderr).
---@param options? table
---@return kenar.Host host
function loop.new(options)
   options = options or {}
   local known, pool_options = { on_error = true }, {}
   for _, name in ipairs(POOL_OPTIONS) do
      known[name], pool_options[name] = true, options[name]
   end
   for name in pairs(options) do
      if not known[name] then
         error("unknown option of a loop: " .. tostring(name), 2)
      end
   end
   local self = setmetatable({ name = "loop", watched = {}, fds = {}, foreground = 0, signals = {} }, Loop)
   self.on_error = options.on_error or default_on_error
   self.scheduler = schedulers.new {
      clock = clock,
      on_error = function(err, traceback)
         self.on_error(err, traceback)
      end,
      turn = function(is_deep)
         local is_worth_waiting = self.transfers.count > 0 or is_alive(self)
         if is_worth_waiting then
            turn(self, nil, is_deep)
         end
         return is_worth_waiting
      end,
   }
   self.transfers = transfers.new(self.scheduler, pool_options)
   add_contract(self, self.scheduler)
   return contract.complete(self)
end

return loop
