--- A bot of its own: what it hears, and what it answers. `kenar run bot.lua` serves it.

local kenar = require "kenar"

local bot = kenar.bot {
   fallback = { text = "الان نمی‌شود. کمی بعد دوباره امتحان کنید." },
}

-- A button does one thing: `hours` is the handler further down, `direct_link` opens a page.
local menu = {
   { "ساعت کار", dynamic_action = "hours" },
   { "سایت ما", direct_link = "https://shop.example.ir" },
}

-- The chat was opened from a page of Divar's.
bot:start("*", function(ctx)
   ctx:reply { text = "سلام! چه کمکی از ما برمی‌آید؟", buttons = menu }
end)

bot:dynamic_action("hours", function()
   return "شنبه تا چهارشنبه، ۹ تا ۱۷"
end)

-- The first handler that matches has the message, so the one for all other texts comes last.
bot:hears({ "سلام", "درود" }, function(ctx)
   ctx:reply { text = "سلام!", buttons = menu }
end)
bot:on("chatbot", function(ctx)
   ctx:reply { text = "متوجه نشدم. یکی از این‌ها؟", buttons = menu }
end)

return bot
