local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local judges = require "kenar.sandbox.judge"
local subscriptions = require "kenar.sandbox.judge.subscriptions"

describe("what people do in the sandbox", function()
   local now, judge, chat, conversation, buyer

   local function new(changes)
      judge = judges.new {
         app = {
            api_key = "key", identification_key = "Bearer identification",
            urls = {
               events = "http://127.0.0.1:1/kenar/events", session = "http://127.0.0.1:1/kenar/session",
               action = "http://127.0.0.1:1/kenar/action",
            },
         },
         now = function()
            return now
         end,
         assumptions = { deliveries = changes },
      }
      buyer = judge.state:user "buyer"
      chat = judge.state:chatbot(buyer.id)
      conversation = judge.state:conversation("gZd7omnS", buyer.id)
      subscriptions.stand(judge.state, "gZd7omnS", true)
   end

   before_each(function()
      now = 1729429926.14
      new()
   end)

   -- A message of the bot with these buttons, one row.
   local function bot_says(where, side, ...)
      return judge.state:add_message(where, {
         sender = { type = "BOT", side = where.type == "POST" and "SELLER" or nil }, type = "TEXT", text = "؟",
         buttons = { [side] = { { ... } } },
      })
   end

   local function answer(body, status)
      local delivery = judge:next_delivery()
      return judge:delivered(delivery, {
         status = status or 200, headers = {}, body = type(body) == "table" and json.encode(body) or body or "",
      })
   end

   -- The names of a table's fields, those of tables in it with their path, and the type of each value.
   local function shape_of(value, path, shape)
      path, shape = path or "", shape or {}
      for key, item in pairs(value) do
         local where = path .. "." .. key
         if type(item) == "table" and key ~= "extra_data" then
            shape_of(item, where, shape)
         else
            shape[where] = type(item)
         end
      end
      return shape
   end

   describe("has the shape of Divar's samples:", function()
      local function next_body()
         return json.decode(judge:next_delivery().request.body)
      end

      it("messages in a bot's chat", function()
         judge:say(chat.id, "USER", "سلام")
         assert.same(shape_of(fixture.value "in.new_chatbot_message.text"), shape_of(next_body()))
         judge:send(chat.id, "USER", "image")
         assert.same(shape_of(fixture.value "in.new_chatbot_message.image"), shape_of(next_body()))
      end)

      it("messages in a post's chat", function()
         for _, kind in ipairs { "image", "file", "voice", "video", "location" } do
            judge:send(conversation.id, "BUYER", kind)
            local sample = fixture.value("in.new_message." .. kind)
            sample.metadata = nil -- comes with a subscription
            assert.same(shape_of(sample), shape_of(next_body()))
         end
         judge:send(conversation.id, "BUYER", "contact")
         local sample = fixture.value "in.new_message.contact_no_name"
         sample.metadata = nil
         assert.same(shape_of(sample), shape_of(next_body()))
      end)

      it("a pressed server link and a dynamic action", function()
         judge.state:add_message(conversation, {
            sender = { type = "BOT", side = "SELLER" }, type = "TEXT", text = "؟",
            buttons = {
               BUYER = { {
                  { caption = "1", action = { open_server_link = { data = { a = "b" } } } },
                  { caption = "2", action = { get_dynamic_action = { data = { a = "b" } } } },
               } },
            },
         })
         judge:press(conversation.id, "BUYER", 1)
         assert.same(shape_of(fixture.value "in.session_init_v2.chat_message_action"), shape_of(next_body()))
         judge:press(conversation.id, "BUYER", 2)
         assert.same(shape_of(fixture.value "in.dynamic_action.chat"), shape_of(next_body()))
      end)
   end)

   describe("write", function()
      it("becomes a NEW_CHATBOT_MESSAGE in a bot's chat", function()
         judge:say(chat.id, "USER", "سلام")
         local delivery = judge:next_delivery()
         assert.equal("events", delivery.kind)
         assert.same({
            type = "NEW_CHATBOT_MESSAGE",
            new_chatbot_message = {
               id = chat.messages[1].id, conversation = { id = chat.id, type = "BOT" }, sender = { type = "HUMAN" },
               type = "TEXT", sent_at = 1729429926140000, text = "سلام",
            },
         }, json.decode(delivery.request.body))
      end)

      it("becomes a NEW_MESSAGE in a post's chat, with the side", function()
         judge:say(conversation.id, "SELLER", "سلام")
         local message = json.decode(judge:next_delivery().request.body).new_message
         assert.same({ type = "HUMAN", side = "SELLER" }, message.sender)
         assert.equal("gZd7omnS", message.conversation.post_token)
      end)

      it("is posted with the identification key as it is, and as JSON", function()
         judge:say(chat.id, "USER", "سلام")
         local request = judge:next_delivery().request
         assert.equal("POST", request.method)
         assert.equal("http://127.0.0.1:1/kenar/events", request.url)
         assert.same({
            authorization = "Bearer identification", ["content-type"] = "application/json",
         }, request.headers)
      end)

      it("can carry the time and the sender as other sources have them", function()
         new { sent_at = "rfc3339", human = "USER" }
         judge:say(chat.id, "USER", "سلام")
         local message = judge:next_delivery().body.new_chatbot_message
         assert.equal("2024-10-20T13:12:06.140000Z", message.sent_at)
         assert.equal("USER", message.sender.type)
      end)

      it("can have the numbers as Divar's OpenAPI file types them", function()
         new { numbers = "openapi" }
         judge:send(chat.id, "USER", "image")
         local message = judge:next_delivery().body.new_chatbot_message
         assert.equal("2024-10-20T13:12:06.140000Z", message.sent_at)
         assert.same({ "204800", 1920 }, { message.image_data.size_bytes, message.image_data.width_px })
         judge:pay { cost_rials = 2500000 }
         assert.equal("2500000", judge:next_delivery().body.payment_transaction.cost_rials)
         new()
         judge:send(chat.id, "USER", "image")
         message = judge:next_delivery().body.new_chatbot_message
         assert.same({ 1729429926140000, 204800 }, { message.sent_at, message.image_data.size_bytes })
      end)

      it("is not done before the bot has answered", function()
         local act = judge:say(chat.id, "USER", "سلام")
         assert.is_false(act.done)
         answer "{}"
         assert.is_true(act.done)
         assert.is_nil(act.problem)
      end)

      it("tells what is wrong with the answer", function()
         local act = judge:say(chat.id, "USER", "سلام")
         assert.equal("the bot answered 500", answer("", 500))
         assert.equal("the bot answered 500", act.problem)

         act = judge:say(chat.id, "USER", "سلام")
         judge:delivered(judge:next_delivery(), nil, "connection refused")
         assert.equal("the bot did not answer: connection refused", act.problem)
      end)
   end)

   it("send six kinds beside text, each under its own key", function()
      local kinds = {
         image = { "IMAGE", "image_data", "link" }, file = { "FILE", "file_data", "name" },
         voice = { "VOICE", "voice_data", "link" }, video = { "VIDEO", "video_data", "thumbnail_link" },
         location = { "LOCATION", "location_data", "latitude" }, contact = { "CONTACT", "contact_data", "phone" },
      }
      for kind, expected in pairs(kinds) do
         assert(judge:send(chat.id, "USER", kind, {}))
         local message = judge:next_delivery().body.new_chatbot_message
         assert.equal(expected[1], message.type)
         assert.truthy(message[expected[2]][expected[3]])
         assert.is_nil(message.text)
      end
      judge:send(chat.id, "USER", "location", { latitude = 29.59, longitude = 52.58 })
      assert.same({ latitude = 29.59, longitude = 52.58 },
         judge:next_delivery().body.new_chatbot_message.location_data)
   end)

   describe("open the bot", function()
      it("writes /start with the touch point and its id in the user's name", function()
         judge:start(chat.id, "MY_POST", "gZd7omnS")
         assert.equal("/start MY_POST gZd7omnS", judge:next_delivery().body.new_chatbot_message.text)
         judge:start(chat.id, "MY_DIVAR")
         assert.equal("/start MY_DIVAR", judge:next_delivery().body.new_chatbot_message.text)
      end)

      it("knows the five touch points", function()
         for _, name in ipairs { "MY_POST", "MY_DIVAR", "DIVAR_PRO", "CHAT", "DEMAND_POST" } do
            assert.truthy(judge:start(chat.id, name))
         end
         local act, message = judge:start(chat.id, "MYPOST")
         assert.is_nil(act)
         assert.equal("there is no touch point MYPOST; there are MY_POST, MY_DIVAR, DIVAR_PRO, CHAT, DEMAND_POST",
            message)
      end)

      it("opens the app's page without a button", function()
         local act = judge:open(conversation.id, "BUYER", "CHAT")
         local delivery = judge:next_delivery()
         assert.equal("session", delivery.kind)
         assert.equal("2", delivery.request.headers["api-version"])
         assert.same({
            source = "CHAT", post_token = "gZd7omnS", conversation_id = conversation.id, user_side = "DEMAND",
            user_id = buyer.id,
         }, json.decode(delivery.request.body))
         judge:delivered(delivery, { status = 200, headers = {}, body = '{"url":"https://example.com"}' })
         assert.same({ url = "https://example.com" }, act.seen)
      end)
   end)

   it("open the app as the touch points' page of Divar's documents has it, and without a source", function()
      local data = { kenar_action = "visit", nested = { key = "value" } }
      local function session(changes)
         new(changes)
         bot_says(conversation, "BUYER", { caption = "بازدید", action = { open_server_link = { data = data } } })
         judge:press(conversation.id, "BUYER", 1)
         return json.decode(judge:next_delivery().request.body)
      end
      local where = "https://open-platform-redirect.divar.ir/completion"
      local body = session { session_source = false, session_data = "provider_data", session_return = "completion_url" }
      assert.same({
         completion_url = where, provider_data = data, post_token = "gZd7omnS", conversation_id = conversation.id,
         user_side = "DEMAND", user_id = buyer.id,
      }, body)
      body = session { session_return = "return_url" }
      assert.same({ where, data, "CHAT_MESSAGE_ACTION" }, { body.return_url, body.extra_data, body.source })
      body = session()
      assert.same({ nil, nil, data }, { body.completion_url, body.return_url, body.extra_data })
      judge:visit("buyer", "POST_ADDON", "gZd7omnS")
      assert.equal("POST_ADDON", judge:next_delivery().body.source)
   end)

   describe("press", function()
      local function button(caption, action)
         return { caption = caption, action = action }
      end

      it("a direct link: it opens, and the bot hears nothing", function()
         bot_says(chat, "USER", button("سایت", { open_direct_link = "https://example.com" }))
         local act = judge:press(chat.id, "USER", "سایت")
         assert.same({ url = "https://example.com" }, act.seen)
         assert.is_true(act.done)
         assert.is_nil(judge:next_delivery())
      end)

      it("a post's page", function()
         bot_says(chat, "USER", button("آگهی", { open_post_page = { post_token = "gZd7omnS" } }),
            button("مدیریت", { open_post_manage_page = { post_token = "gZd7omnS" } }))
         assert.same({ page = "post", post_token = "gZd7omnS" }, judge:press(chat.id, "USER", "آگهی").seen)
         assert.same({ page = "post_manage", post_token = "gZd7omnS" }, judge:press(chat.id, "USER", 2).seen)
      end)

      it("a server link: Divar asks the bot for the URL", function()
         bot_says(conversation, "BUYER", button("بازدید", { open_server_link = { data = { kenar_action = "visit" } } }))
         local act = judge:press(conversation.id, "BUYER", "بازدید")
         local delivery = judge:next_delivery()
         assert.equal("http://127.0.0.1:1/kenar/session", delivery.request.url)
         assert.equal("2", delivery.request.headers["api-version"])
         assert.same({
            source = "CHAT_MESSAGE_ACTION", post_token = "gZd7omnS", conversation_id = conversation.id,
            user_side = "DEMAND", extra_data = { kenar_action = "visit" }, user_id = buyer.id,
         }, json.decode(delivery.request.body))
         judge:delivered(delivery, { status = 200, headers = {}, body = '{"url":"https://example.com/visit"}' })
         assert.same({ url = "https://example.com/visit" }, act.seen)
      end)

      it("in a bot's chat, where there is neither a post nor a side", function()
         bot_says(chat, "USER", button("رأی", { get_dynamic_action = { data = { n = 1 } } }))
         judge:press(chat.id, "USER", "رأی")
         local delivery = judge:next_delivery()
         assert.equal("action", delivery.kind)
         assert.is_nil(delivery.request.headers["api-version"])
         assert.same({
            touchpoint = "CHAT", post_token = json.null, conversation_id = chat.id, user_side = json.null,
            extra_data = { n = 1 }, user_id = buyer.id,
         }, json.decode(delivery.request.body))
      end)

      it("a dynamic action: the answer's text shows", function()
         bot_says(chat, "USER", button("رأی", { get_dynamic_action = { data = {} } }))
         local act = judge:press(chat.id, "USER", "رأی")
         answer '{"text_message":"ثبت شد"}'
         assert.same({ text = "ثبت شد" }, act.seen)
      end)

      it("a dynamic action that answers with a server link, which is followed", function()
         bot_says(chat, "USER", button("رأی", { get_dynamic_action = { data = {} } }))
         local act = judge:press(chat.id, "USER", "رأی")
         answer { text_message = "ثبت شد", action = { open_server_link = { data = { page = "1" } } } }
         assert.is_false(act.done)
         local delivery = judge:next_delivery()
         assert.equal("session", delivery.kind)
         assert.same({ page = "1" }, delivery.body.extra_data)
         judge:delivered(delivery, { status = 200, headers = {}, body = '{"url":"https://example.com/1"}' })
         assert.is_true(act.done)
         assert.same({ text = "ثبت شد", url = "https://example.com/1" }, act.seen)
      end)

      it("a dynamic action that never stops answering with another", function()
         bot_says(chat, "USER", button("رأی", { get_dynamic_action = { data = {} } }))
         local act = judge:press(chat.id, "USER", "رأی")
         local count = 0
         while not act.done do
            answer { action = { get_dynamic_action = { data = {} } } }
            count = count + 1
            assert.is_true(count < 20)
         end
         assert.equal("dynamic actions answer each other without end", act.problem)
      end)

      it("and what is wrong with the bot's answer, in words", function()
         bot_says(chat, "USER", button("بازدید", { open_server_link = { data = {} } }),
            button("رأی", { get_dynamic_action = { data = {} } }))
         local cases = {
            { "بازدید", "{}", "the bot's answer has no url, so nothing opens" },
            { "بازدید", '{"url":""}', "the bot's answer has no url, so nothing opens" },
            { "بازدید", "[1]", "the bot's answer is not a JSON object" },
            { "رأی", '{"text_message":1}', "text_message of the bot's answer is not a string" },
            { "رأی", '{"action":{}}', "the bot's answer: action: exactly one action, got none" },
            { "رأی", '{"action":{"open_post_page":{}}}',
               "the bot's answer: action.open_post_page.post_token: is required" },
         }
         for _, case in ipairs(cases) do
            local act = judge:press(chat.id, "USER", case[1])
            answer(case[2])
            assert.equal(case[3], act.problem)
            assert.same({}, act.seen)
         end
         local act = judge:press(chat.id, "USER", "بازدید")
         answer "<html>"
         assert.truthy(act.problem:find("the bot's answer is not a JSON object: ", 1, true))
      end)

      it("only what this side sees", function()
         bot_says(conversation, "SELLER", button("قبول", { open_direct_link = "https://example.com" }))
         local act, message = judge:press(conversation.id, "BUYER", "قبول")
         assert.is_nil(act)
         assert.equal("there are no buttons to press", message)
         assert.truthy(judge:press(conversation.id, "SELLER", "قبول"))
      end)

      it("a button of an older message too, the newest first", function()
         bot_says(chat, "USER", button("یک", { open_direct_link = "https://example.com/old" }))
         bot_says(chat, "USER", button("دو", { open_direct_link = "https://example.com/two" }))
         assert.equal("https://example.com/old", judge:press(chat.id, "USER", "یک").seen.url)
         bot_says(chat, "USER", button("یک", { open_direct_link = "https://example.com/new" }))
         assert.equal("https://example.com/new", judge:press(chat.id, "USER", "یک").seen.url)
      end)

      it("nothing that is not there: the answer lists what is", function()
         bot_says(chat, "USER", button("بله", { open_direct_link = "https://example.com" }),
            button("خیر", { open_direct_link = "https://example.com" }))
         local _, message = judge:press(chat.id, "USER", "شاید")
         assert.equal('there is no button "شاید"; there are [1 بله] [2 خیر]', message)
         _, message = judge:press(chat.id, "USER", 3)
         assert.equal("there is no button 3; there are [1 بله] [2 خیر]", message)
      end)
   end)

   it("do nothing where they are not", function()
      local _, message = judge:say("none", "USER", "سلام")
      assert.equal("there is no conversation none", message)
      _, message = judge:say(chat.id, "SELLER", "سلام")
      assert.equal("nobody is on side SELLER of this conversation", message)
      _, message = judge:say(chat.id, "USER", "")
      assert.equal("a text is a string that is not empty", message)
      _, message = judge:send(chat.id, "USER", "sticker")
      assert.equal("there is nothing called sticker to send", message)
   end)
end)
