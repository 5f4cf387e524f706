--- A bot for the page's specs: it repeats what it hears, and knows buttons of every kind and texts that are up to no
--- good.

local kenar = require "kenar"

-- The token is the one with which the sandbox begins, of the user called seller.
local bot = kenar.bot { name = "odd", access_token = "sandbox-access-token" }

local HOSTILE = [[<img src=x onerror="window.hacked = 1"><script>window.hacked = 2</script>]]

bot:hears({ "hostile" }, function(ctx)
   ctx:reply {
      text = HOSTILE,
      buttons = {
         { { HOSTILE, direct_link = "javascript:window.hacked=3" } },
         { { "\"><svg onload=window.hacked=4>", dynamic_action = "hostile" } },
      },
   }
end)
bot:dynamic_action("hostile", function() return HOSTILE end)

bot:hears({ "mixed" }, function(ctx)
   ctx:reply "گوشی iPhone 13 Pro با ۱۲۸ گیگ"
end)

bot:hears({ "buttons" }, function(ctx)
   ctx:reply {
      text = "انتخاب کنید",
      buttons = {
         { { "مستقیم", direct_link = "https://example.com/direct" }, { "سروری", server_link = "visit" } },
         {
            { "پویا", dynamic_action = "say" }, { "پویا و پیوند", dynamic_action = "lead" },
            { "هیچ", dynamic_action = "nothing" },
         },
         { { "آگهی", post_page = "gZd7omnS" }, { "مدیریت", post_manage_page = "gZd7omnS" } },
      },
   }
end)
bot:server_link("visit", function() return "https://example.com/visit" end)
bot:dynamic_action("say", function() return "گفتم" end)
bot:dynamic_action("lead", function() return { text = "می‌برم", server_link = "visit" } end)
bot:dynamic_action("nothing", function() end)

bot:on("chatbot:text", function(ctx) ctx:reply("شنیدم: " .. ctx.text) end)
bot:on("chatbot", function(ctx) ctx:reply("نوع: " .. ctx.message_type) end)
bot:on("post", function(ctx)
   ctx:reply {
      text = "در آگهی شنیدم", sender_buttons = { { "فقط فروشنده", post_page = "gZd7omnS" } },
      receiver_buttons = { { "فقط خریدار", dynamic_action = "say" } },
   }
end)

return bot
