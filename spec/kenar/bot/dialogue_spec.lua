local kenar = require "kenar"
local scratch = require "spec.support.scratch"
local testing = require "kenar.testing"

local b = kenar.button

-- What the command /go does, as a spec says.
local go

-- A bot that asks for a size and a colour, and then says what it was told.
local function new_bot(options)
   local bot = kenar.bot(options or { fallback = { stale = "این پرسش گذشته است." } })
   bot:command("cancel", function(ctx)
      ctx:leave()
      ctx:reply "لغو شد."
   end)
   bot:command("go", function(ctx) go(ctx) end)
   bot:command("order", function(ctx)
      ctx:ask("size", { text = "اندازه؟", buttons = { b.answer("کوچک", 1), b.answer("بزرگ", 2) } })
   end)
   bot:answer("size", "chatbot:text", function(ctx)
      if ctx.answer == nil then
         return ctx:reply "یکی از دکمه‌ها را بزنید."
      end
      ctx.session.size = ctx.answer
      ctx:ask("colour", { text = "رنگ؟", buttons = { b.answer("مشکی", "black"), b.answer("یشمی", "green") } })
      return "اندازه ثبت شد."
   end)
   bot:answer("colour", function(ctx)
      ctx:leave()
      ctx:reply(("%s %s %s"):format(ctx.session.size, tostring(ctx.answer), ctx.text or ctx.message_type))
   end)
   bot:on("chatbot", function(ctx) ctx:reply("بیرون " .. tostring(ctx.state)) end)
   return bot
end

local function rehearse(bot, settings)
   local divar = testing.divar(bot, { settings = settings })
   return divar:chatbot {}, divar
end

-- Post a press on an older button, as a phone does that still shows it.
local function press_older(bot, message, caption)
   for _, row in ipairs(message.buttons) do
      for _, button in ipairs(row) do
         if button.caption == caption then
            return kenar.json.decode(bot:handle {
               method = "POST", path = "/kenar/action",
               headers = { authorization = "testing-identification-key" },
               body = assert(kenar.json.encode {
                  touchpoint = "CHAT", conversation_id = "00000000-0000-4000-8000-000000000001",
                  extra_data = button.action.get_dynamic_action.data,
               }),
            }.body)
         end
      end
   end
end

describe("a dialogue", function()
   local bot, chat, divar

   before_each(function()
      bot = new_bot()
      chat, divar = rehearse(bot)
   end)

   after_each(function()
      assert.equal(0, divar.host:count())
   end)

   it("goes from question to question by presses, whose values keep their type", function()
      assert.equal("اندازه؟", chat:say("/order").text)
      assert.same({ text = "اندازه ثبت شد." }, chat:press "بزرگ")
      assert.equal("رنگ؟", chat:last().text)
      assert.same({}, chat:press "مشکی")
      assert.equal("2 black black", chat:last().text)
   end)

   it("takes a typed caption for a press, whichever keyboard wrote it", function()
      chat:say "/order"
      assert.equal("رنگ؟", chat:say(" كوچك ").text)
      assert.equal("1 green يشمي", chat:say("يشمي").text)
   end)

   it("gives what was typed freely as text, without an answer", function()
      chat:say "/order"
      assert.equal("یکی از دکمه‌ها را بزنید.", chat:say("متوسط").text)
      chat:press "کوچک"
      assert.equal("1 nil آبی", chat:say("آبی").text)
   end)

   it("shows in specs what its buttons answer", function()
      local buttons = chat:say("/order").buttons
      assert.same({ 1, 2 }, { buttons[1][1].answer, buttons[1][2].answer })
   end)

   it("goes on when its handler says something in between", function()
      chat:say "/order"
      chat:say "متوسط"
      assert.same({ text = "اندازه ثبت شد." }, chat:press "کوچک")
   end)

   it("takes the kinds of messages that bot:answer names, and leaves the others to `on`", function()
      chat:say "/order"
      assert.equal("بیرون size", chat:image({}).text)
      chat:press "کوچک"
      assert.equal("1 nil IMAGE", chat:image({}).text)
   end)

   it("ends with ctx:leave, and the session stays", function()
      chat:say "/order"
      chat:press "کوچک"
      chat:press "مشکی"
      assert.equal("بیرون nil", chat:say("سلام").text)
      go = function(ctx) ctx:reply(tostring(ctx.session.size)) end
      assert.equal("1", chat:say("/go").text)
   end)

   it("leaves the bot's commands and touch points to their handlers", function()
      chat:say "/order"
      chat:press "کوچک"
      assert.equal("لغو شد.", chat:say("/cancel").text)
      chat:say "/order"
      chat:press "کوچک"
      assert.equal("بیرون colour", chat:start("MY_POST", "gZd7omnS").text)
      assert.equal("1 nil /black", chat:say("/black").text)
   end)

   it("is each conversation's own", function()
      chat:say "/order"
      local other = divar:chatbot { user = "other" }
      assert.equal("بیرون nil", other:say("کوچک").text)
   end)

   it("answers a press on an older question with the stale fallback, and its handler is not run", function()
      chat:say "/order"
      chat:press "کوچک"
      assert.same({ text = "این پرسش گذشته است." }, chat:press "بزرگ")
      assert.equal("رنگ؟", chat:last().text)
      chat:press "مشکی"
      assert.equal("1 black black", chat:last().text)
      assert.same({ text = "این پرسش گذشته است." }, chat:press "مشکی")
   end)

   it("tells a question from the same one asked before", function()
      local older = chat:say "/order"
      chat:say "/order"
      assert.same({ text_message = "این پرسش گذشته است." }, press_older(bot, older, "بزرگ"))
      assert.same({ text_message = "اندازه ثبت شد." }, press_older(bot, chat:last(), "بزرگ"))
   end)

   it("tells a question from one that was left, although no time has passed", function()
      local older = chat:say "/order"
      chat:say "/cancel"
      chat:say "/order"
      assert.same({ text_message = "این پرسش گذشته است." }, press_older(bot, older, "بزرگ"))
   end)

   it("shows nothing on a stale press where the bot has no text for that", function()
      chat = rehearse(new_bot {})
      chat:say "/order"
      chat:say "/cancel"
      assert.same({}, chat:press "بزرگ")
   end)

   it("counts answer buttons of no question as stale", function()
      go = function(ctx) ctx:reply { text = "x", buttons = { b.answer("الف", 1) } } end
      chat:say "/go"
      assert.same({ text = "این پرسش گذشته است." }, chat:press "الف")
   end)

   it("takes captions from rows, from Divar's form, and by name", function()
      local heard = {}
      local grids = {
         { { b.answer("یک", 1), b.answer("دو", 2) }, { { caption = "سه", answer = 3 } } },
         { rows = { { buttons = { b.answer("یک", 1), b.answer("دو", 2) } }, { { caption = "سه", answer = 3 } } } },
         kenar.grid { b.answer("یک", 1), b.answer("دو", 2), b.direct_link("سایت", "https://x.ir"), b.answer("سه", 3) },
      }
      bot:answer("number", function(ctx) heard[#heard + 1] = ctx.answer or ctx.text end)
      for _, buttons in ipairs(grids) do
         go = function(ctx) ctx:ask("number", { text = "x", buttons = buttons }) end
         chat:say "/go"
         for _, text in ipairs { "یک", "سه", "سایت" } do
            chat:say(text)
         end
      end
      assert.same({ 1, 3, "سایت", 1, 3, "سایت", 1, 3, "سایت" }, heard)
   end)

   it("knows false from nothing", function()
      local heard = {}
      go = function(ctx)
         ctx:ask("sure", { text = "مطمئن؟", buttons = { b.answer("بله", true), b.answer("نه", false) } })
      end
      bot:answer("sure", function(ctx) heard[#heard + 1] = { ctx.answer, ctx.text } end)
      chat:say "/go"
      chat:press "نه"
      chat:say "نه"
      assert.same({ { false, "false" }, { false, "نه" } }, heard)
   end)

   it("shows nothing of what Divar answered to a reply that a handler returns", function()
      bot:answer("reply", function(ctx) return ctx:reply "شنیدم" end)
      go = function(ctx) ctx:ask("reply", { text = "x", buttons = { b.answer("الف", 1) } }) end
      chat:say "/go"
      local real = bot.client.send_bot_message
      bot.client.send_bot_message = function(...)
         assert(real(...))
         return { message_id = "m-1" }
      end
      assert.same({}, chat:press "الف")
      assert.equal("شنیدم", chat:last().text)
   end)

   it("passes on to other handlers by next()", function()
      go = function(ctx) ctx:ask("pass", "x") end
      bot:answer("pass", function(_, next) return next() end)
      chat:say "/go"
      assert.equal("بیرون pass", chat:say("y").text)
   end)
end)

describe("a question", function()
   local bot, chat, divar, caught

   before_each(function()
      bot = new_bot()
      caught = {}
      bot:catch(function(err) caught[#caught + 1] = err end)
      chat, divar = rehearse(bot)
   end)

   it("that Divar refuses with a 429 was not asked: the step is not taken", function()
      chat:say "/order"
      divar:fail { at = "send_bot_message", status = 429, times = 3 }
      assert.same({}, chat:press "کوچک")
      assert.equal("rate_limited", caught[1].kind)
      -- Nothing leaves for a while after that.
      divar:advance(60)
      assert.same({ text = "اندازه ثبت شد." }, chat:press "بزرگ")
      assert.equal("2 black مشکی", chat:say("مشکی").text)
   end)

   it("whose handler fails afterwards was not asked either", function()
      bot:answer("twice", function(ctx) ctx:reply "شنیدم" end)
      go = function(ctx)
         ctx:ask("twice", { text = "دوباره؟", buttons = { b.answer("آری", 1) } })
         error "after the question"
      end
      chat:say "/go"
      assert.matches("after the question", caught[1].message)
      assert.same({ text = "این پرسش گذشته است." }, chat:press "آری")
      assert.equal("بیرون nil", chat:say("آری").text)
   end)

   it("survives a restart, and so do its buttons", function()
      local folder = scratch.new()
      chat, divar = rehearse(new_bot(), { store = "sqlite:" .. folder:file "bot.db" })
      chat:say "/order"
      chat:press "بزرگ"
      divar:restart(new_bot())
      assert.same({ text = "این پرسش گذشته است." }, chat:press "کوچک")
      divar:restart(new_bot())
      chat:press "مشکی"
      assert.equal("2 black black", chat:last().text)
      divar:close()
      folder:remove()
   end)

   it("is forgotten in a restart where the store is the process's own", function()
      chat:say "/order"
      divar:restart(new_bot())
      assert.same({ text = "این پرسش گذشته است." }, chat:press "کوچک")
   end)

   it("is forgotten with the session", function()
      chat:say "/order"
      divar:advance(86401)
      assert.equal("بیرون nil", chat:say("کوچک").text)
      assert.same({ text = "این پرسش گذشته است." }, chat:press "کوچک")
   end)

   it("counts texts as the same that look the same", function()
      bot:answer("room", function(ctx) ctx:reply(tostring(ctx.answer)) end)
      go = function(ctx) ctx:ask("room", { text = "x", buttons = { b.answer("اتاق ۲", "two") } }) end
      chat:say "/go"
      assert.equal("two", chat:say("اتاق 2").text)
   end)

   describe("that is wrong, raises:", function()
      -- What a handler does, and what it is told.
      local mistakes = {
         ["a state that no bot:answer hears"] = { function(ctx) ctx:ask("sise", "x") end,
            'state: no bot:answer%("sise", %.%.%.%) hears what is answered' },
         ["a state that is no name"] = { function(ctx) ctx:ask(5, "x") end, "state: expected a name, got number" },
         ["no message"] = { function(ctx) ctx:ask "size" end, "message: expected a table or a string, got nil" },
         ["an option that is none"] = { function(ctx) ctx:ask("size", "x", { tiemout = 5 }) end,
            'unknown option "tiemout" of ask' },
         ["a side that is none"] = { function(ctx) ctx:ask("size", "x", { side = "USER" }) end,
            'side: expected "SELLER" or "BUYER", got USER' },
      }
      for what, case in pairs(mistakes) do
         it(what, function()
            go = case[1]
            chat:say "/go"
            assert.matches("dialogue_spec.lua:%d+: " .. case[2], caught[1].message)
            assert.equal("بیرون nil", chat:say("سلام").text)
         end)
      end

      it("a message that breaks Divar's rules, and the step is not taken", function()
         go = function(ctx) ctx:ask("size", { text = "x", buttons = { { "ب" } } }) end
         chat:say "/go"
         assert.equal("buttons[1]", caught[1].path)
         assert.equal("بیرون nil", chat:say("سلام").text)
      end)
   end)
end)

describe("bot:answer", function()
   it("raises for what it does not know", function()
      local bot = kenar.bot()
      local function nothing() end
      assert.error_matches(function() bot:answer("", nothing) end, "expected the name of a state")
      assert.error_matches(function() bot:answer("x", "chatbot") end, "expected a function as the handler, got nil")
      assert.error_matches(function() bot:answer("x", "chatbott", nothing) end, 'unknown filter "chatbott"')
      assert.error_matches(function() bot:answer("x", { "chatbot", "server_link" }, nothing) end,
         'an answer is a message: chatbot, post or message, each with its kinds, got "server_link"')
      assert.error_matches(function() kenar.bot { fallback = { stale = 5 } } end,
         "fallback: expected url, text and stale, all strings, got stale")
   end)
end)

describe("a dialogue in a post's chat", function()
   local conversation, divar

   before_each(function()
      local bot = kenar.bot { fallback = { stale = "گذشته" } }
      bot:hears("بپرس", function(ctx)
         ctx:ask("sure", { text = "مطمئن؟", receiver_buttons = { b.answer("بله", true) } })
      end)
      bot:hears("از هر دو بپرس", function(ctx)
         ctx:ask("sure", { text = "مطمئن؟", buttons = { b.answer("بله", true) } })
      end)
      bot:hears("از خریدار بپرس", function(ctx) ctx:ask("sure", "مطمئن؟", { side = "BUYER" }) end)
      bot:answer("sure", "post:text", function(ctx) ctx:reply(ctx.side .. " " .. tostring(ctx.answer)) end)
      divar = testing.divar(bot)
      conversation = divar:conversation {}
   end)

   it("is answered by who was asked, and nobody else", function()
      assert.equal("مطمئن؟", conversation.buyer:say("بپرس").text)
      local said = #conversation.buyer.messages
      conversation.seller:say "بله"
      assert.equal(said + 1, #conversation.buyer.messages)
      assert.equal("BUYER true", conversation.buyer:say("بله").text)
      conversation.buyer:press "بله"
      assert.equal("BUYER true", conversation.buyer:last().text)
   end)

   it("takes a press of the other side for a stale one", function()
      conversation.buyer:say "از هر دو بپرس"
      assert.same({ text = "گذشته" }, conversation.seller:press "بله")
      assert.same({}, conversation.buyer:press "بله")
      assert.equal("BUYER true", conversation.buyer:last().text)
   end)

   it("may ask the other side", function()
      conversation.seller:say "از خریدار بپرس"
      assert.equal("BUYER nil", conversation.buyer:say("بله").text)
   end)
end)
