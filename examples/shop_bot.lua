--- A shop's bot: opened from a post it shows nine buttons, and each of them answers.
--
--    KENAR_API_KEY=... KENAR_IDENTIFICATION_KEY=... kenar run examples/shop_bot.lua

local kenar = require "kenar"

local bot = kenar.bot { name = "shop" }

local SHOP = "https://shop.example.ir"

local answers = {
   price = "قیمت: ۱۲٬۵۰۰٬۰۰۰ تومان",
   stock = "سه عدد در انبار مانده است.",
   delivery = "تهران: همان روز. شهرهای دیگر: سه روز.",
   warranty = "هجده ماه گارانتی شرکتی دارد.",
}

-- A button is plain data: what it says, and one thing that it does. `visit` and `ask` are handlers further down.
local function menu(post)
   return {
      {
         { "دیدن کالا", server_link = "visit", data = { post = post, page = "item" }, icon = "STORE" },
         { "سفارش", server_link = "visit", data = { post = post, page = "order" }, icon = "CART" },
         { "سایت ما", direct_link = SHOP, icon = "LAUNCH" },
      },
      {
         { "قیمت", dynamic_action = "ask", data = { about = "price" }, icon = "TOMAN_SIGN" },
         { "موجودی", dynamic_action = "ask", data = { about = "stock" }, icon = "INVENTORY" },
         { "زمان ارسال", dynamic_action = "ask", data = { about = "delivery" }, icon = "LOCAL_SHIPPING" },
      },
      {
         { "گارانتی", dynamic_action = "ask", data = { about = "warranty" }, icon = "VERIFIED" },
         { "صفحهٔ آگهی", post_page = post, icon = "ADVERT" },
         { "مدیریت آگهی", post_manage_page = post, icon = "SETTINGS" },
      },
   }
end

bot:start("MY_POST", function(ctx, post)
   -- Anybody can type `/start MY_POST ...`: what stands there is checked before it goes into a link.
   if not post or not post:find "^[%w_-]+$" then
      return ctx:reply "لطفاً بات را از صفحهٔ آگهی باز کنید."
   end
   ctx:reply { text = "سلام! به فروشگاه خوش آمدید. چه کاری برایتان انجام دهیم؟", buttons = menu(post) }
end)

bot:server_link("visit", function(ctx) return ("%s/%s/%s"):format(SHOP, ctx.data.page, ctx.data.post) end)
bot:dynamic_action("ask", function(ctx) return answers[ctx.data.about] end)
bot:hears({ "قیمت", "قیمت؟" }, function(ctx) ctx:reply(answers.price) end)

bot:on("chatbot:contact", function(ctx) ctx:reply(("با %s تماس می‌گیریم."):format(ctx.contact.phone)) end)
bot:on("chatbot", function(ctx) ctx:reply "متوجه نشدم. برای دیدن قیمت بنویسید: قیمت" end)

return bot
