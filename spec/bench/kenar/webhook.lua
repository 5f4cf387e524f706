--- A bot on kenar's standalone server; with KENAR_BASE_URL its handler sends a message before it answers.
-- Usage: webhook.lua PORT KEY [inbox]. With an inbox the handlers take the events from there. Runs until it is told to
-- stop.

local kenar = require "kenar"
local messages = require "spec.bench.messages"

local inbox = arg[3] == "inbox" and os.tmpname()
local bot = kenar.bot {
   api_key = "bench-api-key", identification_key = arg[2], prefix = "/kenar", inbox = inbox and "sqlite:" .. inbox,
}

if os.getenv "KENAR_BASE_URL" then
   local reply = messages.plain_form(messages.reply)
   bot:on("chatbot", function(ctx)
      ctx:reply(reply)
   end)
else
   bot:on("chatbot", function() end)
end

kenar.serve({ bot }, { port = tonumber(arg[1]) })

for _, ending in ipairs(inbox and { "", "-wal", "-shm", ".lock" } or {}) do
   os.remove(inbox .. ending)
end
