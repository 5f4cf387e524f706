--- The host inside nginx: requests on cosockets, waits on nginx's semaphores, tasks in nginx's timers.
--
-- Nothing here blocks the worker. Waits are possible in the phases rewrite, access and content and in timers; in other
-- phases (init_worker, log, filters) pass a function that waits to `host.spawn`. Proxy variables of the environment are
-- ignored. https:// needs `lua_ssl_trusted_certificate`, names of hosts need `resolver`.

local bodies = require "kenar.host.request_body"
local contract = require "kenar.host.contract"
local core = require "kenar.core"
local errors = require "kenar.error"
local exchange = require "kenar.host.resty.exchange"
local headers = require "kenar.host.request_headers"
local phases = require "kenar.host.resty.phases"
local places = require "kenar.host.resty.places"
local requests = require "kenar.host.requests"
local schedulers = require "kenar.host.resty.scheduler"
local semaphores = require "kenar.host.semaphore"
local targets = require "kenar.host.resty.target"

local resty = {}

local Host = {}
Host.__index = Host
Host.__name = "kenar.resty_host"

local OPTIONS = {
   max_transfers = "number", idle = "number", stop_deadline = "number", insecure_http = "boolean",
   on_error = "function", log = "function",
}

local TIMEOUT, CONNECT_TIMEOUT, MAX_BODY = requests.TIMEOUT, requests.CONNECT_TIMEOUT, requests.MAX_BODY
local LIMITS, HEAD_LIMITS = { max_body = MAX_BODY }, { method = "HEAD", max_body = MAX_BODY }
local NO_HEADERS = {}
-- Readers of responses kept for the next request.
local KEPT_ANSWERS = 64

local function default_on_error(_, traceback)
   ngx.log(ngx.ERR, traceback)
end

local function refusal(req, kind, message)
   return nil, errors.new { kind = kind, message = message, sent = "no", method = req.method }
end

local function progress_of(self, req)
   return function(sent, total)
      local ok, err = pcall(req.on_progress, sent, total)
      if not ok then
         self.scheduler:report(err, tostring(err))
      end
   end
end

local function run(self, req, job, path, lines)
   local answers = self.answers
   if not self.places:take(job) then
      return refusal(req, "closed", "the host has stopped")
   end
   local res, err = exchange.run(job, path, lines, req.on_progress and progress_of(self, req))
   self.places:give(job)
   if #answers < KEPT_ANSWERS then
      answers[#answers + 1] = job.answer
   end
   return res, err
end

local function limits_of(req, method)
   if req.max_body then
      return { method = method, max_body = requests.number(req, "max_body", MAX_BODY, 4) }
   end
   return method == "HEAD" and HEAD_LIMITS or LIMITS
end

local function answer_reader(self, req, method)
   local limits, answers = limits_of(req, method), self.answers
   local answer = answers[#answers]
   if not answer then
      return core.http_response(limits)
   end
   answers[#answers] = nil
   answer:begin(limits)
   return answer
end

local function request(self, req)
   phases.check("host.request", 3)
   local method = requests.method(req, 3)
   local timeout = requests.number(req, "timeout", TIMEOUT, 3)
   local connect_timeout = requests.number(req, "connect_timeout", CONNECT_TIMEOUT, 3)
   local origin, path = self.read_url(req.url)
   if not origin then
      return refusal(req, "invalid", path)
   end
   local lines, message = self.compile_headers(req.headers or NO_HEADERS)
   if not lines then
      return refusal(req, "invalid", message)
   end
   local body
   body, message = bodies.open(method, req.body)
   if message then
      return refusal(req, "invalid", message)
   end
   local res, err = run(self, req, {
      method = method, origin = origin, timeout = timeout, connect_timeout = connect_timeout,
      idle = self.idle, fresh = req.fresh or false, answer = answer_reader(self, req, method), body = body or false,
      -- All fields at once: a table that grows costs.
      is_sending = false, is_stale = false, keeps_connection = false, place = 0,
      socket = false, ends_at = 0, allowed = 0, fault = false,
   }, path, lines)
   if type(body) == "table" then
      body:close()
   end
   return res, err
end

--- Stop: `closing()` is true from now on, and `deadline` seconds (default 0) later nothing new begins. Waits with a
--- later limit end at once with `nil, "closed"`. Requests under way run to their end. When nginx ends a worker, the
--- host stops with the option `stop_deadline`.
---@param deadline? number seconds
function Host:stop(deadline)
   self.scheduler:stop(deadline or 0)
end

--- Wait until no task is left. Do not call it inside a task.
function Host:run()
   self.scheduler:wait_for_all()
end

--- How many tasks have not ended.
---@return integer
function Host:count()
   return self.scheduler.living
end

-- The functions of the contract of hosts, which are called without a self.
local function add_contract(self, tasks)
   self.now, self.clock = core.now, core.clock

   function self.closing()
      return tasks.over_at ~= nil or ngx.worker.exiting()
   end

   function self.request(req)
      if tasks:is_over() then
         return refusal(req, "closed", "the host has stopped")
      end
      return request(self, req)
   end

   function self.sleep(duration)
      phases.check("host.sleep", 2)
      if duration <= 0 and not tasks:is_over() then
         ngx.sleep(0)
      elseif tasks:wait_at_most({}, duration) == "closed" then
         return nil, "closed"
      end
      return true
   end

   function self.spawn(f, ...)
      return tasks:spawn(f, ...)
   end

   function self.semaphore(count)
      return semaphores.new(tasks, count)
   end

   function self.on_stop(f)
      tasks.stop_listeners[f] = true
   end

   function self.stats()
      return self.places:stats()
   end
end

--- Make a host for this worker. Options: `max_transfers` at a time (64; further requests wait), `idle`, the seconds for
--- which an unused connection is kept (30), `stop_deadline`, the seconds of waits when nginx ends the worker (10),
--- `insecure_http` to allow http:// to other machines, `on_error(err, traceback)`, called for tasks that raised
--- (default: nginx's error log), and `log(line)`, called with each line of the log (default: stderr).
---@param options? table
---@return kenar.Host host
function resty.new(options)
   options = options or {}
   for name, value in pairs(options) do
      if not OPTIONS[name] then
         error("unknown option of a host: " .. tostring(name), 2)
      elseif type(value) ~= OPTIONS[name] then
         error(("%s is a %s, not a %s"):format(name, OPTIONS[name], type(value)), 2)
      end
   end
   local max_transfers = options.max_transfers or 64
   local self = setmetatable({
      name = "resty", log = options.log, idle = (options.idle or 30) * 1000,
      read_url = targets.reader(options.insecure_http, max_transfers), compile_headers = headers.compiler(),
      answers = {},
   }, Host)
   self.scheduler = schedulers.new {
      on_error = options.on_error or default_on_error, stop_deadline = options.stop_deadline or 10,
   }
   self.places = places.new(self.scheduler, max_transfers)
   add_contract(self, self.scheduler)
   return contract.complete(self)
end

return resty
