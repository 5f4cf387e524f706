local testing = require "kenar.testing"

describe("examples/shop_bot.lua", function()
   local divar, chat

   before_each(function()
      divar = testing.divar(dofile "examples/shop_bot.lua")
      chat = divar:chatbot {}
   end)

   after_each(function()
      assert.equal(0, divar.host:count())
   end)

   it("answers who opens it from a post with a text and nine buttons", function()
      local answer = chat:start("MY_POST", "gZd7omnS")
      assert.equal("سلام! به فروشگاه خوش آمدید. چه کاری برایتان انجام دهیم؟", answer.text)
      assert.same({
         { "دیدن کالا", "سفارش", "سایت ما" },
         { "قیمت", "موجودی", "زمان ارسال" },
         { "گارانتی", "صفحهٔ آگهی", "مدیریت آگهی" },
      }, answer.captions)
   end)

   it("asks to be opened from a post when there is none", function()
      assert.equal("لطفاً بات را از صفحهٔ آگهی باز کنید.", chat:start("MY_POST").text)
   end)

   it("makes no link of what is no post token", function()
      local answer = chat:say "/start MY_POST ../../admin?x=1"
      assert.equal("لطفاً بات را از صفحهٔ آگهی باز کنید.", answer.text)
      assert.same({}, answer.buttons)
   end)

   describe("once opened", function()
      before_each(function()
         chat:start("MY_POST", "gZd7omnS")
      end)

      it("leads to the item and to the order, each for this post", function()
         assert.same({ url = "https://shop.example.ir/item/gZd7omnS" }, chat:press "دیدن کالا")
         assert.same({ url = "https://shop.example.ir/order/gZd7omnS" }, chat:press "سفارش")
      end)

      it("links to the shop without asking the bot", function()
         local before = #divar.deliveries
         assert.same({ url = "https://shop.example.ir" }, chat:press "سایت ما")
         assert.equal(before, #divar.deliveries)
      end)

      it("tells price, stock, delivery and warranty in place", function()
         assert.same({ text = "قیمت: ۱۲٬۵۰۰٬۰۰۰ تومان" }, chat:press "قیمت")
         assert.same({ text = "سه عدد در انبار مانده است." }, chat:press "موجودی")
         assert.same({ text = "تهران: همان روز. شهرهای دیگر: سه روز." }, chat:press "زمان ارسال")
         assert.same({ text = "هجده ماه گارانتی شرکتی دارد." }, chat:press "گارانتی")
      end)

      it("opens the post's two pages", function()
         assert.same({ page = "post", post_token = "gZd7omnS" }, chat:press "صفحهٔ آگهی")
         assert.same({ page = "post_manage", post_token = "gZd7omnS" }, chat:press "مدیریت آگهی")
      end)
   end)

   it("tells the price to who asks in words, with Arabic letters too", function()
      assert.equal("قیمت: ۱۲٬۵۰۰٬۰۰۰ تومان", chat:say("قیمت").text)
      assert.equal("قیمت: ۱۲٬۵۰۰٬۰۰۰ تومان", chat:say("قيمت").text)
   end)

   it("takes a contact", function()
      assert.equal("با +989121234567 تماس می‌گیریم.", chat:contact({ phone = "+989121234567" }).text)
   end)

   it("says what it understands to who writes anything else", function()
      assert.equal("متوجه نشدم. برای دیدن قیمت بنویسید: قیمت", chat:say("هوا خوب است").text)
      assert.equal("متوجه نشدم. برای دیدن قیمت بنویسید: قیمت", chat:image({}).text)
   end)
end)
