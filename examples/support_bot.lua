--- A support bot: asks for a name and a phone number, has both confirmed, and takes the request down.
--
--    KENAR_STORE=sqlite:support.db KENAR_API_KEY=... KENAR_IDENTIFICATION_KEY=... kenar run examples/support_bot.lua
--
-- With a store that outlives the process, a customer goes on where he was when the bot is restarted.

local kenar = require "kenar"
local b, persian = kenar.button, kenar.persian

local bot = kenar.bot {
   name = "support", session = { ttl = 3600 },
   fallback = { text = "مشکلی پیش آمد. کمی بعد دوباره بزنید.", stale = "این پرسش گذشته است." },
}

local function ask_name(ctx)
   ctx.session = nil
   ctx:ask("name", "سلام! نام شما چیست؟ (برای انصراف بنویسید: /cancel)")
end

bot:start("*", ask_name)

-- Commands are heard in every state.
bot:command("cancel", function(ctx)
   ctx.session = nil
   ctx:leave()
   ctx:reply "لغو شد. هر وقت خواستید دوباره پیام بدهید."
end)

bot:answer("name", "chatbot:text", function(ctx)
   ctx.session.name = persian.truncate(persian.normalise(ctx.text), 40)
   ctx:ask("phone", "شمارهٔ همراه خود را بنویسید یا مخاطب خود را بفرستید.")
end)

bot:answer("phone", { "chatbot:contact", "chatbot:text" }, function(ctx)
   local phone = persian.phone(ctx.contact and ctx.contact.phone or ctx.text or "")
   if not phone then
      return ctx:ask("phone", "این شمارهٔ همراه نیست. نمونه: ۰۹۱۲۳۴۵۶۷۸۹")
   end
   ctx.session.phone = phone
   ctx:ask("confirm", {
      text = ("%s، با شمارهٔ %s تماس بگیریم؟"):format(ctx.session.name, persian.isolate(phone)),
      buttons = { b.answer("بله، ثبت کن", true), b.answer("نه، از نو", false) },
   })
end)

bot:answer("confirm", "chatbot:text", function(ctx)
   if ctx.answer == nil then
      return ctx:reply "یکی از دو دکمه را بزنید."
   elseif not ctx.answer then
      return ask_name(ctx)
   end
   ctx:leave()
   ctx:reply(("ثبت شد، %s. به‌زودی تماس می‌گیریم."):format(ctx.session.name))
end)

bot:on("chatbot", function(ctx) return ctx.state == nil end, ask_name)
bot:on("chatbot", function(ctx) ctx:reply "لطفاً به پرسش بالا پاسخ دهید." end)

return bot
