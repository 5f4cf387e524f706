-- Run by `busted`: a Divar in this process, with no network and a clock of its own.
local testing = require "kenar.testing"

describe("the bot", function()
   local divar, chat

   before_each(function()
      divar = testing.divar(dofile "bot.lua")
      chat = divar:chatbot {}
   end)

   after_each(function()
      divar:close()
   end)

   it("greets who opens it, and shows what it can do", function()
      local answer = chat:start("MY_POST", "gZd7omnS")
      assert.equal("سلام! چه کمکی از ما برمی‌آید؟", answer.text)
      assert.same({ { "ساعت کار", "سایت ما" } }, answer.captions)
   end)

   it("tells the hours", function()
      chat:say "سلام"
      assert.same({ text = "شنبه تا چهارشنبه، ۹ تا ۱۷" }, chat:press "ساعت کار")
   end)

   it("leads to the site", function()
      chat:say "سلام"
      assert.same({ url = "https://shop.example.ir" }, chat:press "سایت ما")
   end)

   it("says so when it does not understand", function()
      assert.equal("متوجه نشدم. یکی از این‌ها؟", chat:say("؟؟").text)
   end)
end)
