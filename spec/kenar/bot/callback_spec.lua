local kenar = require "kenar"
local testing = require "kenar.testing"

describe("the user of a callback", function()
   local bot, divar, chat, caught

   -- A bot whose button takes `seconds`, and what happened to it.
   local function open(seconds, options)
      local finished = false
      bot = kenar.bot(options or {
         fallback = { text = "کمی بعد دوباره بزنید.", url = "https://shop.example.ir/busy" },
      })
      caught = {}
      bot:catch(function(err) caught[#caught + 1] = err end)
      bot:start("*", function(ctx)
         ctx:reply { text = "x", buttons = { { "رأی", dynamic_action = "vote" }, { "دیدن", server_link = "visit" } } }
      end)
      local function slow(ctx)
         ctx.bot.host.sleep(seconds)
         finished = true
      end
      bot:dynamic_action("vote", function(ctx)
         slow(ctx)
         return "ثبت شد"
      end)
      bot:server_link("visit", function(ctx)
         slow(ctx)
         return "https://shop.example.ir/item"
      end)
      divar = testing.divar(bot)
      chat = divar:chatbot {}
      chat:start "MY_DIVAR"
      return function() return finished end
   end

   it("gets the handler's result if it comes within two seconds", function()
      open(1.9)
      assert.same({ text = "ثبت شد" }, chat:press "رأی")
      assert.same({ url = "https://shop.example.ir/item" }, chat:press "دیدن")
      assert.same({}, caught)
   end)

   it("gets the fallback if it does not, and the handler goes on", function()
      local is_finished = open(5)
      assert.same({ text = "کمی بعد دوباره بزنید." }, chat:press "رأی")
      assert.is_false(is_finished())
      assert.equal("timeout", caught[1].kind)
      assert.equal("the handler was not done after 2 s, and the user got the fallback", caught[1].message)
      divar:advance(5)
      assert.is_true(is_finished())
      assert.same({ url = "https://shop.example.ir/busy" }, chat:press "دیدن")
   end)

   it("waits as long as the bot's budget says", function()
      open(5, { budget = 6 })
      assert.same({ text = "ثبت شد" }, chat:press "رأی")
      open(1, { budget = 0.5, fallback = { text = "بعداً" } })
      assert.same({ text = "بعداً" }, chat:press "رأی")
   end)

   it("does not see the error of a late handler, which is reported", function()
      open(5)
      bot:dynamic_action("fail", function(ctx)
         ctx.bot.host.sleep(3)
         error "too late for anybody"
      end)
      bot:hears("دکمه", function(ctx) ctx:reply { text = "x", buttons = { { "خراب", dynamic_action = "fail" } } } end)
      chat:say "دکمه"
      assert.same({ text = "کمی بعد دوباره بزنید." }, chat:press "خراب")
      divar:advance(3)
      assert.equal(2, #caught)
      assert.matches("too late for anybody", caught[2].message)
   end)

   it("does not wait for catch longer than for the handler", function()
      for _, seconds in ipairs { 0, 5 } do
         open(seconds)
         bot:dynamic_action("fail", function(ctx)
            ctx.bot.host.sleep(seconds)
            error "broken"
         end)
         bot:hears("دکمه", function(ctx)
            ctx:reply { text = "x", buttons = { { "خراب", dynamic_action = "fail" } } }
         end)
         bot:catch(function(err, ctx)
            ctx.bot.host.sleep(60)
            caught[#caught + 1] = err.kind
         end)
         chat:say "دکمه"
         local began = divar.host.clock()
         assert.same({ text = "کمی بعد دوباره بزنید." }, chat:press "خراب")
         assert.equal(2, divar.host.clock() - began)
         divar:advance(120)
         assert.same(seconds == 0 and { "handler" } or { "timeout", "handler" }, caught)
      end
   end)

   it("has no budget of zero seconds", function()
      assert.error_matches(function() kenar.bot { budget = 0 } end, "budget: expected a number of seconds above 0")
   end)
end)
