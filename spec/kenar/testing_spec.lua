local kenar = require "kenar"
local memory = require "kenar.store.memory"
local testing = require "kenar.testing"

describe("kenar.testing", function()
   local bot, divar

   before_each(function()
      bot = kenar.bot {}
      divar = testing.divar(bot)
   end)

   describe("a chat with the bot", function()
      it("answers a verb with what the bot said", function()
         bot:hears("سلام", function(ctx)
            ctx:reply "علیک سلام"
         end)
         local chat = divar:chatbot {}
         assert.equal("علیک سلام", chat:say("سلام").text)
         assert.equal("علیک سلام", chat:last().text)
      end)

      it("answers nil when the bot said nothing, whatever it said before", function()
         bot:hears("سلام", function(ctx)
            ctx:reply "علیک سلام"
         end)
         local chat = divar:chatbot {}
         assert.is_nil(chat:last())
         chat:say "سلام"
         assert.is_nil(chat:say "خداحافظ")
         assert.equal("علیک سلام", chat:last().text)
      end)

      it("has the whole conversation as its user sees it", function()
         bot:on("chatbot", function(ctx)
            ctx:reply(ctx.text .. "!")
         end)
         local chat = divar:chatbot {}
         chat:say "یک"
         chat:say "دو"
         local lines = {}
         for i, message in ipairs(chat.messages) do
            lines[i] = message.from .. " " .. message.text
         end
         assert.same({ "me یک", "bot یک!", "me دو", "bot دو!" }, lines)
      end)

      it("opens the bot from a touch point", function()
         bot:start("DEMAND_POST", function(ctx, id)
            ctx:reply("آگهی " .. id)
         end)
         assert.equal("آگهی gZd7omnS", divar:chatbot({}):start("DEMAND_POST", "gZd7omnS").text)
      end)

      it("sends images, files, voices, videos, locations and contacts", function()
         local seen = {}
         bot:on("chatbot", function(ctx)
            seen[#seen + 1] = { ctx.message_type, ctx[ctx.message_type:lower()] }
         end)
         local chat = divar:chatbot {}
         chat:image { link = "https://example.com/a.png" }
         chat:file { name = "a.pdf" }
         chat:voice {}
         chat:video {}
         chat:location { latitude = 29.59, longitude = 52.58 }
         chat:contact { name = "سارا", phone = "+989121234567" }
         assert.equal("https://example.com/a.png", seen[1][2].link)
         assert.equal("a.pdf", seen[2][2].name)
         assert.equal("VOICE", seen[3][1])
         assert.equal("VIDEO", seen[4][1])
         assert.same({ latitude = 29.59, longitude = 52.58 }, seen[5][2])
         assert.same({ name = "سارا", phone = "+989121234567" }, seen[6][2])
      end)

      it("is one a user", function()
         assert.equal(divar:chatbot({}).id, divar:chatbot({}).id)
         assert.not_equal(divar:chatbot({}).id, divar:chatbot({ user = "other" }).id)
      end)
   end)

   describe("buttons", function()
      local chat

      before_each(function()
         bot:hears("منو", function(ctx)
            ctx:reply {
               text = "؟",
               buttons = {
                  { { "بازدید", server_link = "visit", data = { id = "7" }, icon = "STORE" },
                    { "رأی", dynamic_action = "vote", data = { answer = "yes" } } },
                  { { "سایت", direct_link = "https://example.com" }, { "آگهی", post_page = "gZd7omnS" } },
               },
            }
         end)
         bot:server_link("visit", function(ctx)
            return "https://example.com/visit/" .. ctx.data.id
         end)
         bot:dynamic_action("vote", function(ctx)
            return "رأی شما: " .. ctx.data.answer
         end)
         chat = divar:chatbot {}
         chat:say "منو"
      end)

      it("read as the bot wrote them", function()
         local message = chat:last()
         assert.same({ { "بازدید", "رأی" }, { "سایت", "آگهی" } }, message.captions)
         local visit = message.buttons[1][1]
         assert.equal("visit", visit.server_link)
         assert.same({ id = "7" }, visit.data)
         assert.equal("STORE", visit.icon)
         assert.equal("https://example.com", message.buttons[2][1].direct_link)
         assert.equal("gZd7omnS", message.buttons[2][2].post_page)
      end)

      it("are pressed by caption or by number, and answer with what shows", function()
         assert.same({ url = "https://example.com/visit/7" }, chat:press "بازدید")
         assert.same({ text = "رأی شما: yes" }, chat:press(2))
         assert.same({ url = "https://example.com" }, chat:press "سایت")
         assert.same({ page = "post", post_token = "gZd7omnS" }, chat:press(4))
      end)

      it("that are not there raise, with those that are", function()
         assert.has_error(function()
            chat:press "خروج"
         end, 'there is no button "خروج"; there are [1 بازدید] [2 رأی] [3 سایت] [4 آگهی]')
      end)
   end)

   describe("a conversation about a post", function()
      it("has two sides, each with its own buttons", function()
         bot:on("post:text", { side = "BUYER" }, function(ctx)
            ctx:reply {
               text = "قیمت پیشنهادی؟",
               sender_buttons = { { { "قبول", dynamic_action = "accept" } } },
               receiver_buttons = { { { "پیشنهاد", dynamic_action = "offer" } } },
            }
         end)
         bot:dynamic_action("accept", function(ctx)
            return ctx.side
         end)
         bot:dynamic_action("offer", function(ctx)
            return ctx.side
         end)
         local conversation = divar:conversation { post_token = "gZd7omnS" }
         conversation.buyer:say "سلام"
         assert.same({ { "قبول" } }, conversation.seller:last().captions)
         assert.same({ { "پیشنهاد" } }, conversation.buyer:last().captions)
         assert.equal("SELLER", conversation.seller:press("قبول").text)
         assert.equal("BUYER", conversation.buyer:press("پیشنهاد").text)
         assert.has_error(function()
            conversation.buyer:press "قبول"
         end, 'there is no button "قبول"; there are [1 پیشنهاد]')
      end)

      it("takes each side's buttons without a consent if the reply says for whom it speaks", function()
         local message = {
            text = "موجود است", seller_buttons = { { "مدیریت", post_manage_page = "gZd7omnS" } },
            buyer_buttons = { { "آگهی", post_page = "gZd7omnS" } },
         }
         local as
         bot:on("post", { side = "BUYER" }, function(ctx) ctx:reply(message, { as = as }) end)
         local conversation = divar:conversation {}
         local wanted = '{ as = "SELLER" } with the message'
         assert.error_matches(function() conversation.buyer:say "سلام" end, wanted, nil, true)
         as = "SELLER"
         assert.same({ { "آگهی" } }, conversation.buyer:say("سلام").captions)
         assert.same({ { "مدیریت" } }, conversation.seller:last().captions)
      end)

      it("lets each side see what the other writes", function()
         local conversation = divar:conversation {}
         conversation.buyer:say "موجود است؟"
         assert.same({ "them", "موجود است؟" }, { conversation.seller:last().from, conversation.seller:last().text })
         assert.is_nil(conversation.buyer:last())
      end)

      it("tells the bot of its own messages, which it passes over", function()
         local heard = 0
         bot:on("post", function(ctx)
            heard = heard + 1
            ctx:reply "بله"
         end)
         divar:conversation({}).buyer:say "موجود است؟"
         assert.equal(1, heard)
         local events = divar.deliveries
         assert.equal(2, #events)
         local senders = {}
         for i, event in ipairs(events) do
            senders[i] = event.body.new_message.sender.type
         end
         table.sort(senders)
         assert.same({ "BOT", "HUMAN" }, senders)
      end)

      it("stops a bot that answers itself", function()
         bot:on("post", { from = "any" }, function(ctx)
            ctx:reply "بله"
         end)
         assert.has_error(function()
            divar:conversation({}).buyer:say "سلام"
         end, "one act led to more than 1000 deliveries: does the bot answer its own messages?")
      end)

      it("opens the app's page without a button", function()
         bot:session_init("CHAT", function(ctx)
            return "https://example.com/" .. ctx.side .. "/" .. ctx.post_token
         end)
         assert.equal("https://example.com/BUYER/gZd7omnS", divar:conversation({}).buyer:open().url)
      end)
   end)

   describe("what reached Divar", function()
      it("is listed by endpoint, with headers and the decoded body", function()
         bot:on("chatbot", function(ctx)
            ctx:reply "بله"
         end)
         local chat = divar:chatbot {}
         chat:say "سلام"
         local request = divar.requests[1]
         assert.equal("send_bot_message", request.endpoint)
         assert.equal("POST", request.method)
         assert.equal("/v1/open-platform/chat/bot/conversations/" .. chat.id .. "/messages", request.path)
         assert.equal("testing-api-key", request.headers["x-api-key"])
         assert.equal("بله", request.body.text_message)
         assert.equal(200, request.status)
      end)
   end)

   describe("failing", function()
      local result, err

      before_each(function()
         bot:on("chatbot", function(ctx)
            result, err = ctx.client:send_bot_message(ctx.conversation_id, "بله", { timeout = 5 })
         end)
      end)

      it("is noticed by the clock alone where the call is made again by itself", function()
         divar:fail { at = "send_bot_message", status = 429, headers = { ["retry-after"] = "7" } }
         assert.equal("بله", divar:chatbot({}):say("سلام").text)
         assert.equal(7.5, divar.host.clock())
         assert.equal(2, #divar.requests)
      end)

      it("gives the bot the status it was told to, as often as it was told to", function()
         divar:fail { at = "send_bot_message", status = 429, headers = { ["retry-after"] = "7" }, times = 3 }
         local chat = divar:chatbot {}
         assert.is_nil(chat:say "سلام")
         assert.equal(3, err.attempts)
         assert.is_nil(result)
         assert.equal("rate_limited", err.kind)
         assert.equal(8, err.code)
         assert.equal(7, err.retry_after)
         assert.equal("بله", chat:say("سلام").text)
      end)

      it("can lose the answer of what Divar has done", function()
         divar:fail { at = "send_bot_message", kind = "network", processed = true }
         local chat = divar:chatbot {}
         assert.equal("بله", chat:say("سلام").text)
         assert.equal("network", err.kind)
         assert.equal("maybe", err.sent)
      end)

      it("can keep the bot waiting until it gives up", function()
         divar:fail { at = "send_bot_message", kind = "timeout" }
         divar:chatbot({}):say "سلام"
         assert.equal("timeout", err.kind)
         assert.equal(5, divar.host.clock())
      end)

      it("can delay, and nothing really waits", function()
         divar:fail { at = "send_bot_message", delay = 4 }
         assert.equal("بله", divar:chatbot({}):say("سلام").text)
         assert.equal(4, divar.host.clock())
      end)

      it("can block a conversation", function()
         local chat = divar:chatbot {}
         chat:block()
         chat:say "سلام"
         assert.equal(412, err.status)
         assert.equal(9, err.code)
         chat:block(false)
         assert.equal("بله", chat:say("سلام").text)
      end)

      it("raises on what it does not know", function()
         assert.has_error(function()
            divar:fail { at = "send_bot_mesage", status = 429 }
         end)
      end)
   end)

   describe("errors of handlers", function()
      it("are raised by the verb that led to them", function()
         bot:on("chatbot", function()
            error "ouch"
         end)
         local ok, err = pcall(function()
            divar:chatbot({}):say "سلام"
         end)
         assert.is_false(ok)
         assert.equal("handler", err.kind)
         assert.truthy(tostring(err):find("testing_spec.lua:%d+: ouch"))
         assert.equal(err, divar.errors[1])
      end)

      it("of calls to Divar come as they are", function()
         bot:on("chatbot", function(ctx)
            ctx:reply { text = "؟", buttons = { { "بله" } } }
         end)
         local ok, err = pcall(function()
            divar:chatbot({}):say "سلام"
         end)
         assert.is_false(ok)
         assert.equal("invalid", err.kind)
         assert.same({}, divar.requests)
      end)

      it("go to the bot's own catch, if it has one", function()
         bot:on("chatbot", function()
            error "ouch"
         end)
         bot:catch(function(_, ctx)
            ctx:reply "ببخشید"
         end)
         divar = testing.divar(bot)
         assert.equal("ببخشید", divar:chatbot({}):say("سلام").text)
         assert.same({}, divar.errors)
      end)

      it("are told apart when one bot is tested twice", function()
         bot:on("chatbot", function()
            error "ouch"
         end)
         local second = testing.divar(bot)
         assert.has_error(function()
            second:chatbot({}):say "سلام"
         end)
         assert.equal(1, #second.errors)
         assert.equal(0, #divar.errors)
      end)
   end)

   describe("a restart", function()
      local function counting()
         local counter = kenar.bot()
         counter:on("chatbot", function(ctx)
            ctx.session.count = (ctx.session.count or 0) + 1
            ctx:reply(("%d"):format(ctx.session.count))
         end)
         return counter
      end

      it("leaves a bot what was in its store, and nothing of its own memory", function()
         local fresh = testing.divar(counting())
         local chat = fresh:chatbot {}
         chat:say "a"
         fresh:restart(counting())
         assert.equal("1", chat:say("b").text)

         fresh = testing.divar(counting(), { settings = { store = memory.new() } })
         chat = fresh:chatbot {}
         chat:say "a"
         fresh:restart(counting())
         assert.equal("2", chat:say("b").text)
      end)

      it("keeps the store where the spec says so, by the spec's clock", function()
         local fresh = testing.divar(counting(), { keep_store = true })
         local chat = fresh:chatbot {}
         chat:say "a"
         fresh:restart(counting())
         assert.equal("2", chat:say("b").text)
         fresh:advance(86401)
         fresh:restart(counting())
         assert.equal("1", chat:say("c").text)
         assert.equal("1", testing.divar(counting(), { keep_store = true }):chatbot({}):say("d").text)
         assert.error_matches(function()
            testing.divar(counting(), { keep_store = true, settings = { store = memory.new() } })
         end, "keep_store: settings names a store of its own")
      end)

      it("takes bots only", function()
         local fresh = testing.divar(counting())
         assert.error_matches(function() fresh:restart "bot.lua" end, "expected a bot, .* got string")
      end)
   end)

   describe("time", function()
      it("passes only when told to, or when a handler waits", function()
         bot:on("chatbot", function(ctx)
            ctx.bot.host.spawn(function()
               ctx.bot.host.sleep(60)
               ctx:reply "یادآوری"
            end)
            ctx.bot.host.sleep(1)
         end)
         local chat = divar:chatbot {}
         assert.is_nil(chat:say "سلام")
         assert.equal(1, divar.host.clock())
         divar:advance(58)
         assert.is_nil(chat:last())
         divar:advance(1)
         assert.equal("یادآوری", chat:last().text)
      end)

      it("starts where the test wants it", function()
         divar = testing.divar(bot, { now = 1729429926 })
         assert.equal(1729429926, divar.host.now())
      end)
   end)

   describe("the network", function()
      local function message_of(f)
         bot:on("chatbot", f)
         local ok, err = pcall(function()
            divar:chatbot({}):say "سلام"
         end)
         assert.is_false(ok)
         return tostring(err)
      end

      it("cannot be reached through the host", function()
         local message = message_of(function(ctx)
            ctx.bot.host.request { method = "GET", url = "https://example.com/" }
         end)
         assert.truthy(message:find("no network here: GET https://example.com/", 1, true))
      end)

      it("cannot be reached by loading what opens sockets", function()
         local message = message_of(function()
            local curl = require "kenar.curl"
            curl.pool {}
         end)
         assert.truthy(message:find("kenar.curl", 1, true))
         assert.truthy(message:find("opens sockets, and kenar.testing has none", 1, true))
      end)

      it("is this Divar for a client that was given no host", function()
         local client = kenar.client { api_key = "testing-api-key" }
         bot:on("chatbot", function(ctx)
            assert(client:send_bot_message(ctx.conversation_id, "بله"))
         end)
         assert.equal("بله", divar:chatbot({}):say("سلام").text)
      end)

      it("can be reached again after the verb", function()
         divar:chatbot({}):say "سلام"
         assert.is_nil(package.preload["kenar.curl"])
         assert.is_nil(package.preload["socket.http"])
      end)
   end)

   it("tells what the bot answered wrongly", function()
      bot._values.identification_key = {}
      assert.has_error(function()
         divar:chatbot({}):say "سلام"
      end, "the bot answered 401")
   end)

   it("issues access tokens", function()
      local chat = divar:chatbot {}
      local token = divar:grant { user_id = chat.user_id, scopes = { "CHAT_BOT_USER_MESSAGE_SEND" }, lifetime = 60 }
      local client = bot.client:as { access_token = token }
      assert.same({ conversation_id = chat.id }, client:send_bot_message_to_user(chat.user_id, "سلام"))
      divar:advance(60)
      local _, err = client:send_bot_message_to_user(chat.user_id, "سلام")
      assert.equal("auth", err.kind)
   end)

   it("raises on options that it does not know", function()
      assert.has_error(function() testing.divar {} end)
      assert.has_error(function() testing.divar(bot, { nwo = 1 }) end)
      assert.has_error(function() divar:chatbot { usr = "a" } end)
      assert.has_error(function() divar:conversation { token = "a" } end)
      assert.has_error(function() divar:post { post_token = "a" } end)
      assert.has_error(function() divar:consent("https://example.com/", { denied = true }) end)
      assert.has_error(function() divar:update_post { state = "PUBLISH" } end)
      assert.has_error(function() divar:open { touch_point = "MY_POST" } end)
   end)
end)
