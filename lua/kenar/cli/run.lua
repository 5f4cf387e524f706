--- `kenar run bot.lua`: serve a bot.

local failure = require "kenar.cli.failure"
local listening = require "kenar.cli.listening"

-- One row per key that a served bot needs: the place where its owner finds it.
local keys = {
   api_key = "Divar issues it on the app's page in the Kenar panel; calls to Divar carry it.",
   identification_key = "It is the Divar Identification Key on that page; Divar's calls to the bot carry it.",
}

-- One row per URL of the panel: its name there, and its path below the bot's prefix.
local panel = {
   { "events URL", "/events" },
   { "session initialization URL", "/session" },
   { "dynamic action URL", "/action" },
   { "fallback URL", "/fallback" },
   { "OAuth redirect URL", "/oauth/return", needs = "app_slug" },
}

local function missing_keys(path, names)
   local hints = {}
   for index, name in ipairs(names) do
      hints[index] = ("%s: give it to kenar.bot { %s = ... }, or set KENAR_%s. %s"):format(name, name, name:upper(),
         keys[name])
   end
   return failure.new("configuration", ("%s has no %s"):format(path, table.concat(names, " and no ")),
      table.concat(hints, "\n"))
end

local function url_of(address, port)
   return ("http://%s:%d"):format(address:find(":", 1, true) and "[" .. address .. "]" or address, port)
end

local function announce(given, bot, port, metrics_port)
   local public_url = bot:setting "public_url"
   print(("serving %s on %s"):format(given.file, url_of(given.address, port)))
   if metrics_port then
      local url = url_of(given.metrics_address, metrics_port)
      print(("health at %s/healthz, metrics at %s/metrics"):format(url, url))
   end
   print "In Divar's panel, on the page of this app:"
   for _, row in ipairs(panel) do
      if not row.needs or bot:setting(row.needs) then
         print(("  %-28s%s%s%s"):format(row[1], public_url or "<public URL>", bot.prefix, row[2]))
      end
   end
   if not public_url then
      print "  (public_url, or KENAR_PUBLIC_URL, is the https:// address by which Divar reaches this port)"
   end
end

-- A person may be watching, so the default is a line for each event.
local function log_level_of(bot, given)
   return given.log_level or bot:setting("log_level", "info")
end

local function not_served(given, message)
   if message:find "^store:" then
      return failure.new("storage", message,
         "The option store, or KENAR_STORE, names the store; inbox, or KENAR_INBOX, the inbox.")
   end
   local which = message:find "^metrics:" and "metrics-" or ""
   return failure.new("unavailable", message,
      ("Another one: kenar run --%sport <port> --%saddress <address> %s"):format(which, which, given.file))
end

return {
   summary = "Serve a bot until it is told to stop (Ctrl-C, SIGTERM).",
   arguments = { { name = "file", description = "The bot file: Lua that returns what kenar.bot gives." } },
   options = {
      listening.port "8080", listening.address, listening.metrics_port, listening.metrics_address,
      { name = "--log-level", argname = "<level>", choices = { "debug", "info", "warn", "error" },
         description = "The lowest level that is logged; info, a line an event, where nothing names another." },
      { name = "--log-format", argname = "<format>", choices = { "logfmt", "json" },
         description = "How a line is written; logfmt where nothing names another." },
   },

   ---@param given { file: string, port: integer, address: string, metrics_port: integer?, metrics_address: string,
   ---   log_level: string?, log_format: string? }
   ---@return true? ok, kenar.cli.Failure? why
   run = function(given)
      local bot, why = require("kenar.cli.bot_file").load(given.file)
      if not bot then
         return nil, why
      end
      local resolved, missing = pcall(bot.missing, bot)
      if not resolved then
         return nil, failure.new("configuration", tostring(missing))
      end
      if missing[1] then
         return nil, missing_keys(given.file, missing)
      end
      local served, message = require("kenar.serve")({ bot }, {
         port = given.port, address = given.address,
         metrics_port = given.metrics_port, metrics_address = given.metrics_address,
         overrides = { log_level = log_level_of(bot, given), log_format = given.log_format },
         on_listening = function(port, metrics_port)
            announce(given, bot, port, metrics_port)
         end,
      })
      if not served then
         return nil, not_served(given, message)
      end
      print "stopped"
      return true
   end,
}
