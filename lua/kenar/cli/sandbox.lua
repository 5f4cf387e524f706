--- `kenar sandbox`: a Divar on this machine.

local failure = require "kenar.cli.failure"
local listening = require "kenar.cli.listening"

-- The port and the prefix that a bot has unless told otherwise.
local BOT = "http://127.0.0.1:8080/kenar"

local function announce(sandbox, bot_url)
   print(("sandbox on %s, the bot expected on %s"):format(sandbox:url(), bot_url))
   print "Start a bot that talks to it:"
   local settings = {}
   for index, setting in ipairs(sandbox:environment()) do
      settings[index] = setting[1] .. "=" .. setting[2]
   end
   print(("  %s kenar run bot.lua"):format(table.concat(settings, " ")))
   print "Be a customer: the first call gives the conversation_id of the second."
   print(("  curl -d '{}' %s/sandbox/chatbots"):format(sandbox:url()))
   print(([[  curl -d '{"act": "say", "conversation_id": "...", "side": "USER", "text": "hello"}' %s/sandbox/acts]])
      :format(sandbox:url()))
end

return {
   summary = "Serve a local Divar to develop a bot against.",
   arguments = {},
   options = {
      listening.port "8090", listening.address,
      { name = "--bot", argname = "<url>", default = BOT, description = "The URL below which the bot listens." },
   },

   ---@param given { port: integer, address: string, bot: string }
   ---@return true? ok, kenar.cli.Failure? why
   run = function(given)
      local host = require("kenar.host.loop").new {}
      local transcript = require("kenar.sandbox.transcript").new(function(text)
         io.stdout:write(text)
      end)
      local sandbox, message = require("kenar.sandbox.server").open(host, {
         address = given.address, port = given.port, bot_url = (given.bot:gsub("/+$", "")),
         on_exchange = function(exchange) transcript:exchange(exchange) end,
         on_message = function(conversation, written) transcript:message(conversation, written) end,
      })
      if not sandbox then
         return nil, failure.new("unavailable", tostring(message),
            "Another one: kenar sandbox --port <port>, on 127.0.0.1 or ::1")
      end
      host:on_signal({ "TERM", "INT" }, function()
         sandbox:close(0)
         host:stop(0)
      end)
      announce(sandbox, given.bot)
      host:run(function()
         return host.closing()
      end)
      print "stopped"
      return true
   end,
}
