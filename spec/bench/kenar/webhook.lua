--- A bot on kenar's standalone server; with KENAR_BASE_URL its handler sends a message before it answers.
-- Usage: webhook.lua PORT KEY. Runs until it is told to stop.

local kenar = require "kenar"
local messages = require "spec.bench.messages"

local bot = kenar.bot { api_key = "bench-api-key", identification_key = arg[2], prefix = "/kenar" }

if os.getenv "KENAR_BASE_URL" then
   local reply = messages.plain_form(messages.reply)
   bot:on("chatbot", function(ctx)
      ctx:reply(reply)
   end)
else
   bot:on("chatbot", function() end)
end

kenar.serve({ bot }, { port = tonumber(arg[1]) })
