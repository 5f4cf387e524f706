--- A conversation played between a bot and the sandbox, over real HTTP on two free ports of this machine.
--
-- Without a person at the terminal it ends by itself; with one it stays, and the person is the customer.

local acts = require "kenar.sandbox.acts"
local core = require "kenar.core"
local keyboard = require "kenar.sandbox.play.keyboard"
local listeners = require "kenar.host.loop.listener"
local loop = require "kenar.host.loop"
local servers = require "kenar.sandbox.server"
local transcripts = require "kenar.sandbox.play.transcript"

local STDIN = 0
local POST = "gZd7omnS"

-- Raises what did not happen; `play` turns it into the demo's failure.
local function expect(condition, what)
   if not condition then
      error({ missing = what }, 0)
   end
   return condition
end

local function buttons_of(message)
   return message and message.buttons and message.buttons.USER or {}
end

-- The number and the button of the first that does this.
local function first_with(message, action)
   local number = 0
   for _, row in ipairs(buttons_of(message)) do
      for _, button in ipairs(row) do
         number = number + 1
         if button.action[action] then
            return number, button
         end
      end
   end
end

-- How many exchanges of a kind there were that were answered 200.
local function count(judge, field, name)
   local found = 0
   for _, exchange in ipairs(judge.log) do
      if exchange[field] == name and exchange.response and exchange.response.status == 200 then
         found = found + 1
      end
   end
   return found
end

local function perform(stage, name, ...)
   local act, problem = stage.sandbox:perform(name, stage.chat.id, ...)
   if act then
      stage.transcript:seen(act)
   end
   return act, problem
end

local function press(stage, number, button)
   stage.transcript:act("USER", ("presses [%d %s]"):format(number, button.caption))
   local act = expect(perform(stage, "press", "USER", number))
   expect(not act.problem, act.problem)
   return act.seen
end

-- The conversation, one row a step: what it is, and what makes it happen and checks that it did.
local steps = {
   { "a customer opens the bot, and it answers with a text and a 3x3 grid", function(stage)
      local judge = stage.sandbox.judge
      local act = expect(perform(stage, "start", "MY_POST", POST))
      expect(not act.problem, act.problem)
      expect(count(judge, "event", "NEW_CHATBOT_MESSAGE") == 1, "the webhook was not answered 200")
      expect(count(judge, "endpoint", "send_bot_message") == 1, "the bot sent no message")
      local message = expect(acts.newest_with_buttons(stage.chat, "USER"), "the bot's message has no buttons")
      expect(message.text and message.text:find "[\216-\219]", "the bot's message has no Persian text")
      local rows = buttons_of(message)
      expect(#rows == 3, "the grid has not three rows")
      for _, row in ipairs(rows) do
         expect(#row == 3, "a row of the grid has not three buttons")
      end
      stage.menu = message
   end },
   { "the customer presses a server-link button, and the bot answers with a URL", function(stage)
      local number, button = first_with(stage.menu, "open_server_link")
      local seen = press(stage, expect(number, "there is no server-link button"), button)
      expect(seen.url and seen.url:find "^https?://", "no URL was opened")
      expect(count(stage.sandbox.judge, "event", "session_init") == 1, "the bot was not asked for the URL")
   end },
   { "the customer presses a dynamic-action button, and the bot answers with a text", function(stage)
      local number, button = first_with(stage.menu, "get_dynamic_action")
      local seen = press(stage, expect(number, "there is no dynamic-action button"), button)
      expect(seen.text, "no text was shown")
      expect(count(stage.sandbox.judge, "event", "dynamic_action") == 1, "the bot was not asked for the text")
   end },
}

local function play(stage)
   for i, step in ipairs(steps) do
      stage.write(("\n%d. %s\n"):format(i, step[1]))
      local ok, err = pcall(step[2], stage)
      if not ok then
         local why = type(err) == "table" and err.missing or tostring(err)
         stage.write(("\nstep %d did not happen: %s\n"):format(i, why))
         return false
      end
   end
   stage.write(("\nall %d steps happened\n"):format(#steps))
   return true
end

-- The person's turn: a number presses a button of the newest message with buttons, anything else is said.
local function obey(stage, line)
   local number = tonumber(line:match "^%s*(%d+)%s*$")
   local act, problem
   if number then
      act, problem = perform(stage, "press", "USER", number)
   elseif line:find "%S" then
      act, problem = perform(stage, "say", "USER", line)
   else
      return
   end
   problem = problem or act.problem
   if problem then
      stage.write(problem .. "\n")
   end
end

local function stay(stage, input)
   stage.write(("\nA page shows all of it: %s/\n"):format(stage.sandbox:url()))
   stage.write "Now you are the customer: type a message, or a button's number. Ctrl-D ends.\n"
   for line in keyboard.lines(stage.host, input) do
      obey(stage, line)
   end
end

-- The bot on the demo's own loop.
local function serve_here(host, bot, settings)
   bot:attach(host, settings)
   local listener, message = listeners.open(host, { address = "127.0.0.1", port = 0 }, function(request)
      return bot:handle(request)
   end)
   return listener and {
      url = ("http://127.0.0.1:%d"):format(listener:port()),
      close = function() listener:close(1) end,
   }, message
end

-- The sandbox and the bot, each on a port of its own.
local function set_up(host, bot, transcript, serve)
   local sandbox, message = servers.open(host, {
      on_exchange = function(exchange) transcript:exchange(exchange) end,
      on_message = function(conversation, written) transcript:message(conversation, written) end,
   })
   if not sandbox then
      return nil, message
   end
   -- The transcript tells what happens; of the log only what went wrong is news.
   local settings = { base_url = sandbox:url(), log_level = "warn" }
   for name, value in pairs(servers.settings) do
      settings[name] = value
   end
   local served
   served, message = (serve or serve_here)(host, bot, settings)
   if not served then
      sandbox:close()
      return nil, message
   end
   sandbox:point_at(served.url .. bot.prefix)
   return sandbox, served
end

--- Play the conversation.
---@param bot kenar.Bot one like examples/shop_bot.lua
---@param options? { write: fun(text: string)?, input: integer|false|nil, serve: function? } `write` default: standard
---   output; `input` is the descriptor of the keyboard, default standard input; false, or no terminal there: the demo
---   ends by itself; `serve(host, bot, settings) -> { url, close }` has the bot run elsewhere with these settings
---@return boolean happened whether every step did
return function(bot, options)
   options = options or {}
   local write = options.write or function(text)
      io.stdout:write(text)
      io.stdout:flush()
   end
   local input = options.input == nil and STDIN or options.input
   local host = loop.new {}
   host.log = function(line)
      write(line .. "\n")
   end
   local stage = { host = host, write = write, transcript = transcripts.new(write) }
   local served
   stage.sandbox, served = set_up(host, bot, stage.transcript, options.serve)
   if not stage.sandbox then
      write(served .. "\n")
      return false
   end
   write(("sandbox (Divar)  %s\n"):format(stage.sandbox:url()))
   write(("bot              %s%s\n"):format(served.url, bot.prefix))
   local state = stage.sandbox.judge.state
   stage.chat = state:chatbot(state:user("customer").id)
   local happened = false
   local task = host.spawn(function()
      happened = play(stage)
      if happened and input and core.is_terminal(input) then
         stay(stage, input)
      end
   end)
   task:wait()
   served.close()
   stage.sandbox:close(1)
   host:stop()
   host:run()
   return happened
end
