local json = require "kenar.json"
local judges = require "kenar.sandbox.judge"
local subscriptions = require "kenar.sandbox.judge.subscriptions"

local BOT_PATH = "/v1/open-platform/chat/bot/conversations/%s/messages"
local POST_PATH = "/v2/open-platform/conversations/%s/messages"

describe("the sandbox's judge", function()
   local now, judge, seller, buyer, chat, conversation

   local function new(options)
      options = options or {}
      options.app = {
         api_key = "key", identification_key = "identification", permissions = options.permissions,
         urls = {
            events = "http://127.0.0.1:1/events", session = "http://127.0.0.1:1/session",
            action = "http://127.0.0.1:1/action",
         },
      }
      options.now = function()
         return now
      end
      judge = judges.new(options)
      seller, buyer = judge.state:user "seller", judge.state:user "buyer"
      chat = judge.state:chatbot(buyer.id)
      conversation = judge.state:conversation("gZd7omnS", buyer.id)
      judge.state:grant("seller-token", seller.id, { "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND" }, 3600)
   end

   before_each(function()
      now = 1729429926.14
      new()
   end)

   -- What Divar answers: the status, and the body decoded.
   local function post(path, body, headers)
      local all = { ["x-api-key"] = "key", authorization = "Bearer seller-token" }
      for name, value in pairs(headers or {}) do
         all[name] = value or nil
      end
      local reply = judge:answer {
         method = "POST", path = path, headers = all, body = type(body) == "string" and body or json.encode(body),
      }
      judge:record(reply.exchange)
      return reply.response.status, json.decode(reply.response.body)
   end

   local function post_bot(body, headers)
      return post(BOT_PATH:format(chat.id), body, headers)
   end

   local function post_conversation(body, headers)
      return post(POST_PATH:format(conversation.id), body, headers)
   end

   local function button(caption, action)
      return { caption = caption, action = action or { open_direct_link = "https://example.com" } }
   end

   local function grid(...)
      local rows = {}
      for i, row in ipairs { ... } do
         rows[i] = { buttons = row }
      end
      return { rows = rows }
   end

   describe("sending in a bot's chat", function()
      it("takes a text and names the conversation", function()
         local status, body = post_bot { type = "TEXT", text_message = "سلام" }
         assert.equal(200, status)
         assert.same({ conversation_id = chat.id }, body)
         assert.equal("سلام", chat.messages[1].text)
      end)

      it("needs no access token", function()
         assert.equal(200, (post_bot({ text_message = "سلام" }, { authorization = false })))
      end)

      it("refuses an access token that it does not know, though none is needed", function()
         local status, body = post_bot({ text_message = "سلام" }, { authorization = "Bearer other" })
         assert.equal(401, status)
         assert.equal(16, body.code)
      end)

      it("keeps the buttons as rows for the user", function()
         post_bot { text_message = "؟", buttons = grid({ button "بله", button "خیر" }, { button "شاید" }) }
         local rows = chat.messages[1].buttons.USER
         assert.equal("خیر", rows[1][2].caption)
         assert.equal("شاید", rows[2][1].caption)
      end)

      it("tells the bot nothing of its own message", function()
         post_bot { text_message = "سلام" }
         assert.is_nil(judge:next_delivery())
      end)

      it("answers 404 with code 5 for a conversation that is not the bot's", function()
         local status, body = post(BOT_PATH:format(conversation.id), { text_message = "سلام" })
         assert.equal(404, status)
         assert.equal(5, body.code)
         assert.equal(404, (post(BOT_PATH:format "none", { text_message = "سلام" })))
      end)
   end)

   describe("sending to a user of the bot", function()
      local function path(id)
         return "/v1/open-platform/chat/bot/users/" .. id .. "/messages"
      end
      local encoded

      before_each(function()
         judge.state:grant("buyer-token", buyer.id, { "CHAT_BOT_USER_MESSAGE_SEND" })
         encoded = buyer.id:gsub("[^%w]", function(char)
            return ("%%%02X"):format(char:byte())
         end)
      end)

      it("writes into the user's chat and names it", function()
         local status, body = post(path(encoded), { text_message = "سلام" }, { authorization = "Bearer buyer-token" })
         assert.equal(200, status)
         assert.same({ conversation_id = chat.id }, body)
      end)

      it("has user ids that must be percent-encoded in a path", function()
         local user = judge.state:user "مریم"
         judge.state:grant("other-token", user.id, { "CHAT_BOT_USER_MESSAGE_SEND" })
         assert.truthy(user.id:find("/", 1, true))
         assert.truthy(user.id:find "=$")
         local status = post(path(user.id), { text_message = "سلام" }, { authorization = "Bearer other-token" })
         assert.equal(404, status)
         status = post(path((user.id:gsub("/", "%%2F"))), { text_message = "سلام" },
            { authorization = "Bearer other-token" })
         assert.equal(200, status)
      end)

      it("needs the token of that very user", function()
         local status, body = post(path(encoded), { text_message = "سلام" })
         assert.equal(403, status)
         assert.equal(7, body.code)
      end)

      it("needs the scope", function()
         judge.state:grant("buyer-token", buyer.id, { "USER_PHONE" })
         local status, body = post(path(encoded), { text_message = "سلام" }, { authorization = "Bearer buyer-token" })
         assert.equal(403, status)
         assert.equal("access token lacks the scope", body.message)
      end)
   end)

   describe("sending in a post's chat", function()
      it("answers as Divar's documents say", function()
         local status, body = post_conversation { type = "TEXT", message = "سلام" }
         assert.equal(200, status)
         assert.same({ status = 200, message = "success" }, body)
      end)

      it("gives each side its own buttons", function()
         post_conversation {
            message = "؟", sender_buttons = grid { button "فروشنده" }, receiver_buttons = grid { button "خریدار" },
         }
         local buttons = conversation.messages[1].buttons
         assert.equal("فروشنده", buttons.SELLER[1][1].caption)
         assert.equal("خریدار", buttons.BUYER[1][1].caption)
      end)

      it("tells the bot of its own message, as sent by a bot for the token's side", function()
         subscriptions.stand(judge.state, "gZd7omnS", true)
         post_conversation { message = "سلام" }
         local delivery = judge:next_delivery()
         assert.equal("NEW_MESSAGE", delivery.body.type)
         local message = delivery.body.new_message
         assert.same({ type = "BOT", side = "SELLER" }, message.sender)
         assert.same({ id = conversation.id, type = "POST", post_token = "gZd7omnS" }, message.conversation)
         assert.equal("سلام", message.text)
      end)

      it("needs an access token", function()
         local status, body = post_conversation({ message = "سلام" }, { authorization = false })
         assert.equal(401, status)
         assert.equal("access token is missing", body.message)
      end)

      it("takes the token in the old header too", function()
         local headers = { authorization = false, ["x-access-token"] = "seller-token" }
         assert.equal(200, (post_conversation({ message = "سلام" }, headers)))
      end)

      it("takes any of the three scopes, each for what it covers", function()
         local covering = {
            "CONVERSATION_SEND_MESSAGE." .. conversation.id,
            "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.gZd7omnS",
            "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND",
         }
         for _, scope in ipairs(covering) do
            judge.state:grant("seller-token", seller.id, { scope })
            assert.equal(200, (post_conversation { message = "سلام" }))
         end
         local lacking = {
            "CONVERSATION_SEND_MESSAGE.other", "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.other", "USER_PHONE",
         }
         for _, scope in ipairs(lacking) do
            judge.state:grant("seller-token", seller.id, { scope })
            assert.equal(403, (post_conversation { message = "سلام" }))
         end
      end)

      it("lets the buyer's token write only with the scope of that conversation", function()
         local headers = { authorization = "Bearer buyer-token" }
         judge.state:grant("buyer-token", buyer.id, { "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND" })
         assert.equal(403, (post_conversation({ message = "سلام" }, headers)))
         judge.state:grant("buyer-token", buyer.id, { "CONVERSATION_SEND_MESSAGE." .. conversation.id })
         assert.equal(200, (post_conversation({ message = "سلام" }, headers)))
         assert.equal("BUYER", conversation.messages[1].sender.side)
      end)

      it("refuses a token of somebody who is not in the conversation", function()
         judge.state:grant("other-token", judge.state:user("other").id, {
            "CONVERSATION_SEND_MESSAGE." .. conversation.id,
         })
         local status, body = post_conversation({ message = "سلام" }, { authorization = "Bearer other-token" })
         assert.equal(403, status)
         assert.equal("access token belongs to another user", body.message)
      end)

      it("refuses an expired token", function()
         now = now + 3600
         local status, body = post_conversation { message = "سلام" }
         assert.equal(401, status)
         assert.equal("access token is expired", body.message)
      end)

      it("refuses a post that is no test post, as for apps in development", function()
         judge.state:post("real", { test = false })
         local id = judge.state:conversation("real", buyer.id).id
         local status, body = post(POST_PATH:format(id), { message = "سلام" })
         assert.equal(403, status)
         assert.equal("apps in development work with test posts only", body.message)
      end)

      it("answers 412 with code 9 when the other side blocked", function()
         conversation.blocked = true
         local status, body = post_conversation { message = "سلام" }
         assert.equal(412, status)
         assert.equal(9, body.code)
         assert.equal("message delivery failed due to recipient's restriction", body.message)
         assert.same({}, conversation.messages)
      end)
   end)

   describe("the door", function()
      it("needs the app's key", function()
         local status, body = post_bot({ text_message = "سلام" }, { ["x-api-key"] = false })
         assert.equal(401, status)
         assert.same({ code = 16, message = "api key is missing", details = {} }, body)
         assert.equal(401, (post_bot({ text_message = "سلام" }, { ["x-api-key"] = "other" })))
      end)

      it("needs the key to have the endpoint's permission", function()
         new { permissions = { CHAT_BOT_SEND_MESSAGE = true } }
         assert.equal(200, (post_bot { text_message = "سلام" }))
         local status, body = post_conversation { message = "سلام" }
         assert.equal(403, status)
         assert.equal("api key lacks the permission", body.message)
      end)

      it("answers 404 for what is no endpoint and 405 for another method", function()
         assert.equal(404, (post("/v1/open-platform/nothing", {})))
         local reply = judge:answer { method = "GET", path = BOT_PATH:format(chat.id), headers = {} }
         assert.equal(405, reply.response.status)
         assert.equal(12, json.decode(reply.response.body).code)
      end)

      it("takes no notice of a query", function()
         assert.equal(200, (post(BOT_PATH:format(chat.id) .. "?a=1", { text_message = "سلام" })))
      end)

      it("lets answers that Divar's documents leave open be chosen", function()
         local wrong_key = { status = 403, code = 7, message = "no" }
         new { assumptions = { refusals = { wrong_key = wrong_key } } }
         local status, body = post_bot({ text_message = "سلام" }, { ["x-api-key"] = "other" })
         assert.equal(403, status)
         assert.same({ code = 7, message = "no", details = {} }, body)
      end)

      it("refuses a choice that there is not", function()
         assert.has_error(function()
            new { assumptions = { refusals = { wrong_kye = {} } } }
         end)
      end)
   end)

   describe("a body", function()
      local function refused(body, message)
         local status, answer = post_bot(body)
         assert.equal(400, status)
         assert.equal(3, answer.code)
         assert.equal(message, answer.message)
         assert.same({}, chat.messages)
         return answer
      end

      it("must be JSON", function()
         local status, answer = post_bot "{"
         assert.equal(400, status)
         assert.equal(3, answer.code)
         assert.truthy(answer.message:find("body is not JSON", 1, true))
      end)

      it("must be an object", function()
         refused("[1]", "expected object, got array")
         refused('"text"', "expected object, got string")
         refused("null", "expected object, got null")
      end)

      it("says where it is wrong, in the details as well", function()
         local answer = refused({
            text_message = "؟", buttons = grid({ button "۱" }, { button "۲" }, { button "۳" }, { button "۴" }),
         }, "buttons.rows[4]: at most 3 rows")
         assert.same({
            {
               ["@type"] = "type.googleapis.com/google.rpc.BadRequest",
               fieldViolations = { { field = "buttons.rows[4]", description = "at most 3 rows" } },
            },
         }, answer.details)
      end)
   end)

   describe("a fault", function()
      it("answers in the endpoint's place, as often as it was told to", function()
         assert(judge.faults:add { at = "send_bot_message", status = 429, headers = { ["Retry-After"] = 3 } })
         local reply = judge:answer {
            method = "POST", path = BOT_PATH:format(chat.id), headers = {}, body = '{"text_message":"a"}',
         }
         assert.equal(429, reply.response.status)
         assert.equal("3", reply.response.headers["retry-after"])
         assert.same({ code = 8, message = "rate limit exceeded", details = {} }, json.decode(reply.response.body))
         assert.equal(200, (post_bot { text_message = "سلام" }))
         assert.equal(1, #chat.messages)
      end)

      it("can give a body that is not JSON", function()
         assert(judge.faults:add { at = "*", status = 502, body = "<html>" })
         local reply = judge:answer { method = "POST", path = BOT_PATH:format(chat.id), headers = {}, body = "{}" }
         assert.equal("<html>", reply.response.body)
      end)

      it("can lose the request before Divar acts, or the answer after it acted", function()
         local request = {
            method = "POST", path = BOT_PATH:format(chat.id), headers = { ["x-api-key"] = "key" },
            body = '{"text_message":"a"}',
         }
         assert(judge.faults:add { at = "send_bot_message", kind = "network" })
         local reply = judge:answer(request)
         assert.is_nil(reply.response)
         assert.same({ kind = "network", sent = "maybe", ends = "reset" }, reply.failure)
         assert.equal(0, #chat.messages)

         assert(judge.faults:add { at = "send_bot_message", kind = "network", processed = true })
         assert.is_nil(judge:answer(request).response)
         assert.equal(1, #chat.messages)
      end)

      it("can only delay", function()
         assert(judge.faults:add { at = "send_bot_message", delay = 2 })
         local reply = judge:answer {
            method = "POST", path = BOT_PATH:format(chat.id), headers = { ["x-api-key"] = "key" },
            body = '{"text_message":"a"}',
         }
         assert.equal(2, reply.delay)
         assert.equal(200, reply.response.status)
      end)
   end)

   describe("the log", function()
      it("has each exchange with what is wrong in it", function()
         post_bot { message = "سلام" }
         local exchange = judge.log[1]
         assert.equal("to_divar", exchange.direction)
         assert.equal("send_bot_message", exchange.endpoint)
         assert.same({ message = "سلام" }, exchange.body)
         assert.equal(400, exchange.response.status)
         assert.equal("message", exchange.findings[1].path)
         assert.equal("text_message", exchange.findings[2].path)
      end)

      it("keeps as many as it was told to", function()
         new { keep = 2 }
         for i = 1, 5 do
            post_bot { text_message = tostring(i) }
         end
         assert.equal(2, #judge.log)
         assert.equal(5, judge.log[2].number)
         assert.equal(2, #chat.messages)
         assert.equal("5", chat.messages[2].text)
      end)
   end)
end)
