--- The bot that nginx serves in the bench: it does what spec/bench/nginx/webhook.conf does by hand, and no more.

local kenar = require "kenar"

local bot = kenar.bot { api_key = "bench-api-key", identification_key = "bench-identification-key", dedup_ttl = false }
bot:on("chatbot", function() end)
return bot
