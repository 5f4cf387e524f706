--- A host without sockets and without waiting: its clock is a number that this file advances.
--
-- Each origin has a function that responds to its requests; a request to another origin raises. Time stands still while
-- a task can run, and jumps to the next timer when all tasks wait, so that a test of an hour takes no time. Tasks and
-- waits have the scheduler of the real loop.

local contract = require "kenar.host.contract"
local errors = require "kenar.error"
local request_bodies = require "kenar.host.request_body"
local request_headers = require "kenar.host.request_headers"
local requests = require "kenar.host.requests"
local schedulers = require "kenar.host.scheduler"
local semaphores = require "kenar.host.semaphore"

local virtual = {}

local Host = {}
Host.__index = Host
Host.__name = "kenar.virtual_host"

-- 2025-01-01T00:00:00Z
local DEFAULT_EPOCH = 1735689600

-- Runs the ready tasks; if there are none, time jumps to the next timer.
local function turn(self, is_deep)
   local tasks = self.scheduler
   if not is_deep and tasks:has_ready() then
      tasks:run_ready()
      return true
   end
   local due = tasks.timers:next_at()
   if not due then
      return false
   end
   self.time = math.max(self.time, due)
   tasks:fire_timers()
   return true
end

--- Run tasks until `finished()` is true; without it, until nothing is left. The clock jumps to the next timer whenever
--- all tasks wait. Raises if no wait can end any more.
---@param finished? fun(): boolean
function Host:run(finished)
   while not (finished and finished()) do
      if not turn(self) then
         if finished then
            error("everything waits, and nothing is left that could wake it", 2)
         end
         return
      end
   end
end

--- Let `seconds` pass: the timers of that time run, in their order. `advance(0)` runs the ready tasks.
---@param seconds number
function Host:advance(seconds)
   if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
      error("advance takes seconds, a number of at least 0", 2)
   end
   local tasks, deadline = self.scheduler, self.time + seconds
   while tasks:has_ready() or (tasks.timers:next_at() or math.huge) <= deadline do
      turn(self)
   end
   self.time = math.max(self.time, deadline)
end

--- Stop: `closing()` is true from now on, new requests are refused, and all sleeps and waits end with
--- `nil, "closed"`.
function Host:stop()
   self.scheduler:stop()
   self:advance(0)
end

--- How many tasks have not ended. Zero at the end of a clean test.
---@return integer
function Host:count()
   return self.scheduler.living
end

-- The body as one string; nil and a message if one of its files cannot be sent.
local function read_body(method, given)
   local body, message = request_bodies.open(method, given)
   if type(body) ~= "table" then
      return body, message
   end
   local pieces = {}
   local piece
   piece, message = body:read()
   while piece do
      pieces[#pieces + 1] = piece
      piece, message = body:read()
   end
   body:close()
   return not message and table.concat(pieces) or nil, message
end

local function in_lower_case(headers)
   local lower = {}
   for name, value in pairs(headers or {}) do
      lower[name:lower()] = type(value) == "number" and tostring(value) or value
   end
   return lower
end

local function origins(serves)
   local names = {}
   for origin in pairs(serves) do
      names[#names + 1] = origin
   end
   table.sort(names)
   return table.concat(names, ", ")
end

-- `has_left` and `status` as in kenar.error.sent: the function of the origin was called, and what it answered.
local function failure(req, kind, message, has_left, status)
   return nil, errors.new {
      kind = kind, message = message, sent = errors.sent(has_left, status), method = req.method,
   }
end

-- The request for the origin's function. Raises for a malformed request; nil and a message if it cannot be sent.
local function arriving(self, req)
   local method = requests.method(req, 3)
   local timeout = requests.number(req, "timeout", requests.TIMEOUT, 3)
   requests.number(req, "connect_timeout", requests.CONNECT_TIMEOUT, 3)
   requests.number(req, "max_body", requests.MAX_BODY, 3)
   local lines, message = self.compile_headers(req.headers or {})
   local body
   if lines then
      body, message = read_body(method, req.body)
   end
   if message then
      return nil, message
   end
   return { method = method, url = req.url, headers = in_lower_case(req.headers), body = body, timeout = timeout }
end

-- The response as a real host gives it: always with headers and a body.
local function departing(req, response, err)
   if not response then
      return nil, err
   end
   local body, most = response.body or "", req.max_body or requests.MAX_BODY
   if #body > most then
      return failure(req, "too_large", "the answer is larger than " .. most .. " bytes", true, response.status)
   end
   return { status = response.status, headers = in_lower_case(response.headers), body = body }
end

local function report_progress(self, req, size)
   if req.on_progress then
      local ok, err = pcall(req.on_progress, size, size)
      if not ok then
         self.scheduler:report(err, tostring(err))
      end
   end
end

local function request(self, req)
   local url = req.url
   local origin = type(url) == "string" and url:match "^(%a[%w+.-]*://[^/?#]+)"
   local answer = origin and self.serves[origin:lower()]
   if not answer then
      error(("no network here: %s %s (served: %s)"):format(tostring(req.method or "GET"), tostring(url),
         origins(self.serves)), 3)
   end
   if self.closing() then
      return failure(req, "closed", "the host has stopped", false)
   end
   local given, message = arriving(self, req)
   if not given then
      return failure(req, "invalid", message, false)
   end
   report_progress(self, req, #(given.body or ""))
   local task = self.spawn(answer, given)
   local ok, response, err = task:wait(given.timeout)
   if not ok and not task.done then
      return failure(req, "timeout", "no answer within " .. given.timeout .. " s", true)
   elseif not ok then
      error(response, 0)
   end
   return departing(req, response, err)
end

-- The functions of the contract of hosts, which are called without a self.
local function add_contract(self, epoch)
   local tasks = self.scheduler

   function self.now()
      return epoch + self.time
   end

   function self.clock()
      return self.time
   end

   function self.closing()
      return tasks.stopped
   end

   function self.request(req)
      return request(self, req)
   end

   function self.sleep(seconds)
      if tasks:wait_at_most({}, seconds) == "closed" then
         return nil, "closed"
      end
      return true
   end

   -- Not random, so that each run is the same: a retry waits as long as it may.
   function self.random()
      return 1
   end

   function self.spawn(f, ...)
      return tasks:spawn(f, ...)
   end

   function self.semaphore(count)
      return semaphores.new(tasks, count)
   end
end

local function default_on_error(_, traceback)
   io.stderr:write(traceback, "\n")
end

--- Make a host. `options.serves` maps an origin (`https://open-api.divar.ir`) to its function
--- `function(req) -> res | nil, err`, which runs as a task, so it may sleep. `options.now` is the wall clock at the
--- start, in seconds since 1970 (default 2025-01-01T00:00:00Z). `options.on_error(err, traceback)` is called for tasks
--- that raised (default: stderr), `options.log(line)` with each line of the log (default: none is written).
---@param options? { serves?: table<string, function>, now?: number, on_error?: function, log?: fun(line: string) }
---@return kenar.Host host
function virtual.new(options)
   options = options or {}
   local self = setmetatable({
      name = "virtual", is_interactive = false, time = 0, serves = options.serves or {},
      compile_headers = request_headers.compiler(),
   }, Host)
   self.log = options.log or function() end
   self.scheduler = schedulers.new {
      clock = function() return self.time end,
      turn = function(is_deep) return turn(self, is_deep) end,
      on_error = options.on_error or default_on_error,
   }
   add_contract(self, options.now or DEFAULT_EPOCH)
   return contract.complete(self)
end

return virtual
