local scratch = require "spec.support.scratch"
local testing = require "kenar.testing"

local NAME = "سلام! نام شما چیست؟ (برای انصراف بنویسید: /cancel)"
local PHONE = "شمارهٔ همراه خود را بنویسید یا مخاطب خود را بفرستید."
local DONE = "ثبت شد، سارا. به‌زودی تماس می‌گیریم."
local STALE = "این پرسش گذشته است."

-- The number stands in an isolate: left to right, and its end.
local CONFIRM = "سارا، با شمارهٔ \226\129\166+989123456789\226\129\169 تماس بگیریم؟"

describe("examples/support_bot.lua", function()
   local divar, chat

   before_each(function()
      divar = testing.divar(dofile "examples/support_bot.lua")
      chat = divar:chatbot {}
   end)

   after_each(function()
      assert.equal(0, divar.host:count())
   end)

   it("asks for a name and a phone number, and has them confirmed", function()
      assert.equal(NAME, chat:start("MY_DIVAR").text)
      assert.equal(PHONE, chat:say("سارا").text)
      local question = chat:contact { phone = "+989123456789" }
      assert.equal(CONFIRM, question.text)
      assert.same({ { "بله، ثبت کن", "نه، از نو" } }, question.captions)
      assert.same({}, chat:press "بله، ثبت کن")
      assert.equal(DONE, chat:last().text)
   end)

   it("begins with whatever a customer writes first", function()
      assert.equal(NAME, chat:say("سلام").text)
   end)

   it("takes a typed number in any digits, and asks again for what is none", function()
      chat:say "سلام"
      chat:say "سارا"
      assert.equal("این شمارهٔ همراه نیست. نمونه: ۰۹۱۲۳۴۵۶۷۸۹", chat:say("۱۲۳").text)
      assert.equal(CONFIRM, chat:say("۰۹۱۲ ۳۴۵ ۶۷ ۸۹").text)
   end)

   it("takes a typed caption for a press, with Arabic letters too", function()
      chat:say "سلام"
      chat:say "سارا"
      chat:say "09123456789"
      assert.equal("یکی از دو دکمه را بزنید.", chat:say("شاید").text)
      assert.equal(DONE, chat:say("بله، ثبت كن").text)
   end)

   it("begins anew when the customer does not confirm", function()
      chat:say "سلام"
      chat:say "سارا"
      chat:say "09123456789"
      chat:press "نه، از نو"
      assert.equal(NAME, chat:last().text)
      assert.equal(PHONE, chat:say("سارا").text)
   end)

   it("is left with /cancel in every state, and begins anew", function()
      for _, steps in ipairs { {}, { "سارا" }, { "سارا", "09123456789" } } do
         chat:say "سلام"
         for _, text in ipairs(steps) do
            chat:say(text)
         end
         assert.equal("لغو شد. هر وقت خواستید دوباره پیام بدهید.", chat:say("/cancel").text)
      end
      assert.equal(NAME, chat:say("سارا").text)
   end)

   it("asks to be answered when what comes is no answer", function()
      chat:say "سلام"
      assert.equal("لطفاً به پرسش بالا پاسخ دهید.", chat:image({}).text)
      assert.equal(PHONE, chat:say("سارا").text)
   end)

   it("says so to who presses a button of a question that is over", function()
      chat:say "سلام"
      chat:say "سارا"
      chat:say "09123456789"
      chat:press "بله، ثبت کن"
      assert.same({ text = STALE }, chat:press "بله، ثبت کن")
      assert.same({ text = STALE }, chat:press "نه، از نو")
      assert.equal(DONE, chat:last().text)
   end)

   it("takes the step again whose question Divar refused", function()
      chat:say "سلام"
      divar:fail { at = "send_bot_message", status = 429, times = 3 }
      local ok, err = pcall(chat.say, chat, "سارا")
      assert.is_false(ok)
      assert.equal("rate_limited", err.kind)
      divar:advance(60)
      -- He is still asked for his name.
      assert.equal(PHONE, chat:say("سارا").text)
      assert.equal(CONFIRM, chat:say("09123456789").text)
   end)

   it("goes on after a restart, with a store that outlives the process", function()
      local folder = scratch.new()
      divar = testing.divar(dofile "examples/support_bot.lua", {
         settings = { store = "sqlite:" .. folder:file "support.db" },
      })
      chat = divar:chatbot {}
      chat:say "سلام"
      chat:say "سارا"
      divar:restart(dofile "examples/support_bot.lua")
      assert.equal(CONFIRM, chat:say("09123456789").text)
      divar:restart(dofile "examples/support_bot.lua")
      chat:press "بله، ثبت کن"
      assert.equal(DONE, chat:last().text)
      divar:close()
      folder:remove()
   end)

   it("forgets a customer who leaves for an hour", function()
      chat:say "سلام"
      divar:advance(3601)
      assert.equal(NAME, chat:say("سارا").text)
   end)
end)
