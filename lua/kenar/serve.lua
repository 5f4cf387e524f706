--- Bots on a server of their own: `kenar run bot.lua`, or the end of a script.

local bots = require "kenar.bot"
local listeners = require "kenar.host.listener"
local loop = require "kenar.host.loop"
local webhook = require "kenar.webhook"

local serve_options = { address = true, port = true, on_listening = true, overrides = true, host = true,
   stop_deadline = true }

-- Where a stop leaves what still runs, in seconds.
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
   for name in pairs(options) do
      if not serve_options[name] then
         error(("unknown option %q of serve"):format(tostring(name)), 3)
      end
   end
end

-- What a bot needs and has not is an error now, where it was none when the file was required.
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

local function is_below(prefix, path)
   return path:sub(1, #prefix) == prefix and (#path == #prefix or path:sub(#prefix + 1, #prefix + 1) == "/")
end

-- The longest prefix that fits has the request.
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

--- Serve bots until SIGTERM or SIGINT, which stop taking requests, finish what runs for up to `stop_deadline`
--- seconds (10), and return.
---@param list kenar.Bot[]
---@param options? table `port` (default 8080; 0 picks a free one), `address` (default "127.0.0.1"),
---   `on_listening(port)`, `stop_deadline` in seconds, `overrides`: settings that win over the bots' own
---@return true? ok, string? message the port is taken, a key is missing
return function(list, options)
   options = options or {}
   check(list, options)
   local host = options.host or loop.new {}
   for _, bot in ipairs(list) do
      bot:attach(host, options.overrides)
   end
   local ready, message = check_settings(list)
   if not ready then
      return nil, message
   end
   local listener
   listener, message = listeners.open(host, {
      address = options.address or "127.0.0.1", port = options.port or 8080,
   }, router_of(list))
   if not listener then
      return nil, message
   end
   local stopping = false
   host:on_signal({ "TERM", "INT" }, function()
      if not stopping then
         stopping = true
         listener:close(options.stop_deadline or STOP_DEADLINE)
         host:stop(0)
      end
   end)
   for _, bot in ipairs(list) do
      if bot.oauth then
         bot.grants:keep_alive()
      end
   end
   if options.on_listening then
      options.on_listening(listener:port())
   end
   host:run(function() return host.closing() end)
   return true
end
