--- Serves bots with kenar's own HTTP server: `kenar run bot.lua`, or the end of a script.

local bots = require "kenar.bot"
local checks = require "kenar.base.options"
local core = require "kenar.core"
local health = require "kenar.telemetry.health"
local listeners = require "kenar.host.loop.listener"
local loop = require "kenar.host.loop"
local webhook = require "kenar.webhook.request"
local worker = require "kenar.bot.worker"

local serve_options = { address = true, port = true, on_listening = true, overrides = true, host = true,
   stop_deadline = true, metrics_address = true, metrics_port = true }

-- Seconds after which a stop ends the handlers that still run.
local STOP_DEADLINE = 10

local function check(list, options)
   if type(list) ~= "table" or bots.is(list) then
      error("expected a list of bots: kenar.serve({ bot }, { port = 8080 })", 3)
   end
   local prefixes = {}
   for index, bot in ipairs(list) do
      if not bots.is(bot) then
         error(("bot %d: expected what kenar.bot returns, got %s"):format(index, type(bot)), 3)
      end
      if prefixes[bot.prefix] then
         error(("two bots listen below %q: give one of them another prefix"):format(bot.prefix), 3)
      end
      prefixes[bot.prefix] = true
   end
   if list[1] == nil then
      error("at least one bot is needed", 3)
   end
   checks.check(options, serve_options, "unknown option %q of serve", 3)
end

-- A missing setting is an error when a bot is served, not when its file is required.
local function check_settings(list)
   for _, bot in ipairs(list) do
      local missing = bot:missing()
      if missing[1] then
         local names = {}
         for index, name in ipairs(missing) do
            names[index] = ("%s (or KENAR_%s)"):format(name, name:upper())
         end
         return nil, ("%s lacks %s"):format(tostring(bot), table.concat(names, " and "))
      end
   end
   return true
end

-- Fails if the environment has an invalid setting, or if a store does not open.
local function attach(list, host, overrides)
   for _, bot in ipairs(list) do
      local attached, message = pcall(bot.attach, bot, host, overrides)
      if not attached then
         return nil, tostring(message)
      end
   end
   return true
end

local function is_below(prefix, path)
   return path:sub(1, #prefix) == prefix and (#path == #prefix or path:sub(#prefix + 1, #prefix + 1) == "/")
end

-- The bot with the longest matching prefix gets the request.
local function router_of(list)
   if list[2] == nil then
      local only = list[1]
      return function(request) return only:handle(request) end
   end
   local sorted = {}
   for index, bot in ipairs(list) do
      sorted[index] = bot
   end
   table.sort(sorted, function(a, b) return #a.prefix > #b.prefix end)
   return function(request)
      for _, bot in ipairs(sorted) do
         if is_below(bot.prefix, request.path) then
            return bot:handle(request)
         end
      end
      return webhook.response(404)
   end
end

local function open_inboxes(list)
   local opened, had = {}, {}
   for _, bot in ipairs(list) do
      local where = bot:setting "inbox"
      if where then
         local work, err = worker.start(bot, where)
         if not work then
            local is_shared = had[where.url] and "; each bot needs an inbox of its own" or ""
            return nil, tostring(err) .. is_shared, opened
         end
         opened[#opened + 1], had[where.url] = work, true
      end
   end
   return opened
end

-- Refuses new requests and waits for running handlers until the deadline. Events in an inbox that have not begun stay.
local function wind_down(list, host, listener, workers, patience)
   local ends_at = host.clock() + patience
   local function left()
      return math.max(0, ends_at - host.clock())
   end
   for _, work in ipairs(workers) do
      work:stop()
   end
   listener:close(left())
   for _, bot in ipairs(list) do
      bot:drain(left())
   end
   host:stop(0)
end

local function close_all(list, workers)
   for _, work in ipairs(workers) do
      work:close()
   end
   for _, bot in ipairs(list) do
      bot:close()
   end
end

-- Logs the message once, because a supervisor may send the signal every day.
local function hangup_teller(log)
   local is_told = false
   return function()
      if not is_told then
         is_told = true
         log:info("SIGHUP is ignored: the log goes to stderr, so there is no file to open again; SIGTERM stops the bot")
      end
   end
end

-- The first signal begins an orderly stop, a second one stops at once. SIGHUP does neither.
local function take_signals(list, host, listener, workers, patience)
   local stopping, tell_hangup = false, hangup_teller(list[1].log)
   core.survive_broken_pipes()
   host:on_signal({ "TERM", "INT", "HUP" }, function(name)
      if name == "HUP" then
         tell_hangup()
      elseif stopping then
         host:stop(0)
      else
         stopping = true
         wind_down(list, host, listener, workers, patience)
      end
   end)
end

-- It is closed last.
local function open_health(list, host, listener, options)
   return listeners.open(host, {
      address = options.metrics_address or "127.0.0.1", port = options.metrics_port, max_connections = 64,
   }, health.of(list, host, function()
      return listener.is_closed or host.closing()
   end))
end

local function serve(list, host, workers, options)
   local listener, message = listeners.open(host, {
      address = options.address or "127.0.0.1", port = options.port or 8080,
   }, router_of(list))
   if not listener then
      return nil, message
   end
   local asked
   if options.metrics_port then
      asked, message = open_health(list, host, listener, options)
      if not asked then
         listener:close()
         return nil, "metrics: " .. message
      end
   end
   take_signals(list, host, listener, workers, options.stop_deadline or STOP_DEADLINE)
   for _, bot in ipairs(list) do
      if bot.oauth then
         bot.grants:keep_alive()
      end
   end
   if options.on_listening then
      options.on_listening(listener:port(), asked and asked:port())
   end
   host:run(function() return host.closing() end)
   if asked then
      asked:close()
   end
   return true
end

--- Serve bots until SIGTERM or SIGINT, which stop taking requests, finish what runs for up to `stop_deadline`
--- seconds (10), and return. A second signal does not wait. SIGHUP and SIGPIPE do not end the process.
---@param list kenar.Bot[]
---@param options? table `port` (default 8080; 0 picks a free one), `address` (default "127.0.0.1"),
---   `on_listening(port, metrics_port)`, `stop_deadline` in seconds, `overrides`: settings that win over the bots' own;
---   `metrics_port`, where GET /healthz and /metrics are answered (default: nowhere; 0 picks a free one), and
---   `metrics_address` (default "127.0.0.1")
---@return true? ok, string? message if the port is taken, a key is missing, the store does not open, or another process
---   has the inbox
return function(list, options)
   options = options or {}
   check(list, options)
   local host = options.host or loop.new {}
   local ok, message = attach(list, host, options.overrides)
   if ok then
      ok, message = check_settings(list)
   end
   if not ok then
      return nil, message
   end
   local workers, opened
   workers, message, opened = open_inboxes(list)
   if workers then
      ok, message = serve(list, host, workers, options)
   else
      ok, workers = nil, opened
   end
   close_all(list, workers)
   return ok, message
end
