--- A bot on its way from the old API to today's: one handler answers a customer whether he was heard through the old
--- hook or through today's events, and an old button as well as a new one. The answer leaves by the endpoint that the
--- conversation came from. The old one takes a text and one button a side, so that is what this bot sends.
---
---    KENAR_PUBLIC_URL=https://bot.example.ir KENAR_APP_SLUG=... KENAR_OAUTH_SECRET=... \
---    KENAR_API_KEY=... KENAR_IDENTIFICATION_KEY=... kenar run examples/migrating_bot.lua

local kenar = require "kenar"

local bot = kenar.bot { name = "migrating" }

local SHOP = "https://shop.example.ir"

local function page_of(ctx)
   return ctx.post_token and SHOP .. "/item/" .. ctx.post_token or SHOP
end

-- The customer's messages only: the old hook tells of the seller's too, those among them that the app itself sent.
bot:on("post:text", { side = "BUYER" }, function(ctx)
   ctx:reply {
      text = "سلام! کالا موجود است.",
      buyer_buttons = { { "کنار بگذارید", server_link = "reserve", icon = "CART" } },
   }
end)

-- A button of this file, whichever endpoint sent it.
bot:server_link("reserve", function(ctx)
   ctx:reply "کالا تا فردا کنار گذاشته شد."
   return page_of(ctx)
end)

-- The app was opened, or a button of before was pressed: its data names no handler, but comes as ctx.data all the same.
-- A seller whose consent cannot be kept is asked for today's scopes; until then his token from before does.
bot:session_init("*", function(ctx)
   local is_kept = ctx.grant and ctx.grant.refresh_token
   if ctx.side == "SELLER" and ctx.post_token and not is_kept then
      return ctx:authorize {
         kenar.scope("CHAT_POST_CONVERSATIONS_READ", ctx.post_token),
         kenar.scope("CHAT_POST_CONVERSATIONS_MESSAGE_SEND", ctx.post_token), "offline_access", "USER_ID",
      }
   end
   return page_of(ctx)
end)

-- From here on the post's messages come as events: take it off the old hook, or both will tell of each of them.
bot:granted(function(ctx)
   ctx:subscribe("NEW_MESSAGE_ON_POST", ctx.post_token)
end)

return bot
