--- `kenar sandbox`: a Divar on this machine.

local core = require "kenar.core"
local failure = require "kenar.cli.failure"
local listening = require "kenar.cli.listening"
local panel = require "kenar.sandbox.server.panel"

-- A bot's default port and prefix.
local BOT = "http://127.0.0.1:8080/kenar"

-- The hint for a wrong `--fault`.
local FAULTS = [[A fault is fields between commas, such as
at=send_bot_message,status=429,retry_after=2,rate=0.05
at=*,kinds=drop+reset_before+reset_after+half+429+503,rate=0.05
at=webhook,kinds=duplicate+reorder+delay+drop,rate=0.1
at=clock,skew=300]]

local function to_seed(text)
   local seed = tonumber(text)
   if seed and seed % 1 == 0 and seed >= 0 and seed < 2 ^ 53 then
      return seed
   end
   return nil, ("--seed: expected a whole number of at least 0, got %q"):format(text)
end

-- Reads the URL of an option.
local function url_of(option, is_redirect)
   return function(text)
      local problem = panel.problem(text, is_redirect)
      if problem then
         return nil, ("%s: %s, got %q"):format(option, problem, text)
      end
      return text
   end
end

local function url_option(kind, description)
   local name = "--" .. kind .. "-url"
   return { name = name, argname = "<url>", convert = url_of(name), description = description }
end

-- The URLs of the command line; `is_kenar` if --bot gives all of them.
local function urls_of(given)
   local urls, is_kenar = { bot = given.bot }, true
   for _, kind in ipairs(panel.kinds) do
      urls[kind] = given[kind .. "_url"]
      is_kenar = is_kenar and not urls[kind]
   end
   if #given.redirect_url > 0 then
      urls.redirect, is_kenar = given.redirect_url, false
   end
   return urls, is_kenar
end

-- The assumptions of the command line; nil and the failure if one is wrong.
local function assumptions_of(lines)
   local changes, problem = require("kenar.sandbox.judge.assumption_line").read(lines)
   if not changes then
      return nil, failure.new("usage", "--assume " .. problem, "All of them: kenar sandbox --list-assumptions")
   end
   return changes
end

local function random_seed()
   local a, b = assert(core.random_bytes(2)):byte(1, 2)
   return a * 256 + b
end

-- The faults of the command line; nil and the failure if one is wrong.
local function faults_of(lines)
   local fault_line = require "kenar.sandbox.faults.line"
   local faults = {}
   for i, line in ipairs(lines) do
      local fault, problem = fault_line.read(line)
      if not fault then
         return nil, failure.new("usage", ("--fault %s: %s"):format(line, problem), FAULTS)
      end
      faults[i] = fault
   end
   return faults
end

-- Options that argparse cannot check alone; nil and the failure if one is wrong.
local function settings_of(given)
   local faults, wrong = faults_of(given.fault)
   local assumptions
   if faults then
      assumptions, wrong = assumptions_of(given.assume)
   end
   return assumptions and { faults = faults, assumptions = assumptions }, wrong
end

-- Add the faults to the sandbox; nil and the failure if one is wrong.
local function fail(sandbox, faults, lines)
   for i, fault in ipairs(faults) do
      local id, problem = sandbox:fail(fault)
      if not id then
         return nil, failure.new("usage", ("--fault %s: %s"):format(lines[i], problem), FAULTS)
      end
   end
   return true
end

-- Print the app's expected address: one URL, or the panel's fields.
local function announce_app(sandbox, given)
   local _, is_kenar = urls_of(given)
   if is_kenar then
      print(("sandbox on %s, the bot expected on %s"):format(sandbox:url(), given.bot))
      return
   end
   print(("sandbox on %s, the app expected on"):format(sandbox:url()))
   local app = sandbox.judge.app
   for _, kind in ipairs(panel.kinds) do
      print(("  %-10s%s"):format(kind, app.urls[kind]))
   end
   for _, url in ipairs(app.redirect_uris) do
      print(("  %-10s%s"):format("redirect", url))
   end
end

local function announce(sandbox, given)
   announce_app(sandbox, given)
   print(("Open %s/ in a browser: there you are its users, and see every exchange."):format(sandbox:url()))
   print "Start a bot that talks to it:"
   local settings = {}
   for index, setting in ipairs(sandbox:environment()) do
      settings[index] = setting[1] .. "=" .. setting[2]
   end
   print(("  %s kenar run bot.lua"):format(table.concat(settings, " ")))
   print "Or be a customer without one: the `id` in the first call's answer is the conversation_id of the second."
   print(("  curl -d '{}' %s/sandbox/chatbots"):format(sandbox:url()))
   print(([[  curl -d '{"act": "say", "conversation_id": "...", "side": "USER", "text": "hello"}' %s/sandbox/acts]])
      :format(sandbox:url()))
end

-- Load the state file. Without one, open a chat with the bot and a chat about a post, so that the page is not empty.
local function furnish(sandbox, path)
   local judge = sandbox.judge
   local loaded, problem
   if path then
      loaded, problem = require("kenar.sandbox.judge.state_file").load(judge, path)
   end
   if problem then
      return nil, failure.new("data", problem)
   elseif not loaded then
      local state = judge.state
      state:chatbot(state:user("customer").id)
      state:conversation("gZd7omnS", state:user("buyer").id)
   end
   return true
end

-- Save the state at the end; nil and the failure if the file cannot be written.
local function save(sandbox, path)
   local done, problem = require("kenar.sandbox.judge.state_file").save(sandbox.judge, path)
   if not done then
      return nil, failure.new("storage", "the state was not saved: " .. tostring(problem))
   end
   return true
end

-- The sandbox goes on if the transcript's reader exits or the terminal closes.
local function take_signals(host, sandbox)
   local is_told = false
   core.survive_broken_pipes()
   host:on_signal({ "TERM", "INT", "HUP" }, function(name)
      if name ~= "HUP" then
         sandbox:close(0)
         host:stop(0)
      elseif not is_told then
         is_told = true
         print "SIGHUP is ignored; Ctrl-C or SIGTERM stops the sandbox"
      end
   end)
end

return {
   summary = "Serve a local Divar to develop a bot against.",
   arguments = {},
   options = {
      listening.port "8090", listening.address,
      {
         name = "--fault", argname = "<fault>", count = "*", default = {},
         description = "What is to go wrong, such as at=send_bot_message,status=429,rate=0.05; may be repeated.",
      },
      {
         name = "--seed", argname = "<number>", convert = to_seed,
         description = "The seed of faults with a rate: the same one draws the same.",
      },
      {
         name = "--state", argname = "<file>",
         description = "A file that the state is taken from, where it is there, and saved to at the end.",
      },
      {
         name = "--bot", argname = "<url>", default = BOT, convert = url_of "--bot",
         description = "The URL below which a kenar bot listens: it stands for the five that follow.",
      },
      url_option("events", "The panel's events URL, where the app has it elsewhere than a kenar bot."),
      url_option("session", "The panel's Session Initialization URL."),
      url_option("action", "The panel's dynamic-action URL."),
      url_option("fallback", "The panel's Fallback URL, which browsers open."),
      {
         name = "--redirect-url", argname = "<url>", count = "*", default = {},
         convert = url_of("--redirect-url", true),
         description = "A redirect URL of OAuth that is registered in the panel; may be repeated.",
      },
      {
         name = "--assume", argname = "<name=value>", count = "*", default = {},
         description = "What Divar is taken to do where its documents do not say, such as deliveries.session=legacy; "
            .. "may be repeated.",
      },
      {
         name = "--list-assumptions", args = 0, action = "store_true",
         description = "Print every assumption with its default and what else it may be, and exit.",
      },
   },

   ---@param given { port: integer, address: string, bot: string, events_url: string?, session_url: string?,
   ---   action_url: string?, fallback_url: string?, redirect_url: string[], fault: string[], seed: integer?,
   ---   state: string?, assume: string[], list_assumptions: boolean? }
   ---@return true? ok, kenar.cli.Failure? why
   run = function(given)
      if given.list_assumptions then
         io.stdout:write(require("kenar.sandbox.judge.assumption_line").all())
         return true
      end
      local settings, wrong = settings_of(given)
      if not settings then
         return nil, wrong
      end
      local faults = settings.faults
      local fault_seed = given.seed or random_seed()
      local host = require("kenar.host.loop").new {}
      local transcript = require("kenar.sandbox.play.transcript").new(function(text)
         io.stdout:write(text)
      end)
      local sandbox, message = require("kenar.sandbox.server").open(host, {
         address = given.address, port = given.port, urls = (urls_of(given)), fault_seed = fault_seed,
         assumptions = settings.assumptions,
         on_exchange = function(exchange) transcript:exchange(exchange) end,
         on_message = function(conversation, written) transcript:message(conversation, written) end,
      })
      if not sandbox then
         return nil, failure.new("unavailable", tostring(message),
            "Another one: kenar sandbox --port <port>, on 127.0.0.1 or ::1")
      end
      local ready
      ready, wrong = furnish(sandbox, given.state)
      if ready then
         ready, wrong = fail(sandbox, faults, given.fault)
      end
      if not ready then
         sandbox:close(0)
         host:stop(0)
         return nil, wrong
      end
      take_signals(host, sandbox)
      announce(sandbox, given)
      if #faults > 0 then
         print(("%d faults, drawn with --seed %d"):format(#faults, fault_seed))
      end
      host:run(function()
         return host.closing()
      end)
      print "stopped"
      if given.state then
         return save(sandbox, given.state)
      end
      return true
   end,
}
