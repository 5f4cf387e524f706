--- What whoever runs a bot asks it: `GET /healthz`, whether it is well, and `GET /metrics`, what it has done.
--
-- Nobody is asked for a key here and nothing secret is told, but how busy a bot is concerns nobody else either: this
-- has an address of its own, loopback by default.

local json = require "kenar.json"
local metrics = require "kenar.telemetry.metrics"
local process_metrics = require "kenar.telemetry.process"
local prometheus = require "kenar.telemetry.prometheus"

local health = {}

local function response(status, content_type, body)
   local headers = { ["content-type"] = content_type, ["cache-control"] = "no-store" }
   return { status = status, headers = headers, body = body }
end

local function respond_json(status, value)
   return response(status, "application/json", assert(json.encode(value)))
end

-- Messages of errors may hold paths and addresses: only the name of what failed is told here, the log has the rest.
local function reasons_of(checks)
   local reasons = {}
   for _, check in ipairs(checks) do
      local reason = check()
      if reason then
         reasons[#reasons + 1] = reason
      end
   end
   return reasons
end

local pages = {
   ["/healthz"] = function(about)
      local reasons = reasons_of(about.checks)
      if reasons[1] then
         return respond_json(503, { status = "unavailable", reasons = reasons })
      end
      return respond_json(200, { status = "ok" })
   end,
   ["/metrics"] = function(about)
      return response(200, prometheus.CONTENT_TYPE, metrics.render(about.metrics))
   end,
}

--- What answers these requests.
---@param about { checks: (fun(): string?)[], metrics: kenar.Metrics[] } a check gives why all is not well, in
---   a word, or nil; it may wait
---@return fun(request: table): table handle
function health.handler(about)
   return function(request)
      local page = pages[request.path]
      if not page then
         return respond_json(404, { error = "there are /healthz and /metrics" })
      end
      if request.method ~= "GET" and request.method ~= "HEAD" then
         local refused = respond_json(405, { error = "there is only GET" })
         refused.headers.allow = "GET, HEAD"
         return refused
      end
      return page(about)
   end
end

local function store_reason(bot)
   local _, err = bot.store:get "health"
   return err and "store"
end

local function inbox_reason(bot)
   local stats = bot.inbox and bot.inbox:stats()
   if bot:setting "inbox" and not (stats and not stats.failure) then
      return "inbox"
   end
end

local function inbox_events(bot)
   local stats = bot.inbox and bot.inbox:stats()
   if not stats then
      return nil
   end
   return { pending = stats.pending, running = stats.running, delayed = stats.delayed, dead = stats.dead }
end

--- What answers these requests for bots that are served: 503 while they stop, and where a store or an inbox fails.
--- Several bots are told apart by the label `bot`, the prefix of each.
---@param bots kenar.Bot[] attached to the host
---@param host table
---@param is_stopping fun(): boolean?
---@return fun(request: table): table handle
function health.of(bots, host, is_stopping)
   local about = { checks = {}, metrics = { process_metrics.new(host) } }
   local function check(reason_of, subject)
      about.checks[#about.checks + 1] = function()
         return reason_of(subject)
      end
   end
   check(function()
      return is_stopping() and "stopping" or nil
   end)
   for _, bot in ipairs(bots) do
      check(store_reason, bot)
      check(inbox_reason, bot)
      if bots[2] then
         bot.metrics.labels = { bot = bot.prefix == "" and "/" or bot.prefix }
      end
      bot.dispatch.is_measured = true
      bot.metrics:gauge("kenar_inbox_events", function()
         return inbox_events(bot)
      end)
      about.metrics[#about.metrics + 1] = bot.metrics
   end
   return health.handler(about)
end

return health
