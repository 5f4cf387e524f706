local core = require "kenar.core"
local json = require "kenar.json"
local kenar = require "kenar"
local listeners = require "kenar.host.loop.listener"
local loop = require "kenar.host.loop"
local servers = require "kenar.sandbox.server"

describe("the sandbox's server", function()
   local host, sandbox, bot, listener

   before_each(function()
      host = loop.new {}
      host.log = function() end
      sandbox = assert(servers.open(host, { seed = "0000abcd" }))
      bot = kenar.bot {}
      bot:attach(host, {
         base_url = sandbox:url(), api_key = servers.settings.api_key, access_token = servers.settings.access_token,
         attempts = 1, identification_key = servers.settings.identification_key,
      })
      listener = assert(listeners.open(host, { address = "127.0.0.1", port = 0 }, function(request)
         return bot:handle(request)
      end))
      sandbox:point_at(("http://127.0.0.1:%d/kenar"):format(listener:port()))
   end)

   after_each(function()
      listener:close(1)
      sandbox:close()
      host:stop()
      host:run()
      assert.equal(0, host:count())
   end)

   -- A call of the control API: status and decoded body.
   local function call(method, path, body, headers)
      local res = assert(host.request {
         method = method, url = sandbox:url() .. path, headers = headers or { ["content-type"] = "application/json" },
         body = body and json.encode(body), timeout = 5,
      })
      return res.status, json.decode(res.body)
   end

   it("carries a conversation between a person and a bot over HTTP", function()
      bot:hears("سلام", function(ctx)
         ctx:reply { text = "علیک", buttons = { { "بازدید", server_link = "visit" } } }
      end)
      bot:server_link("visit", function(ctx)
         return "https://example.com/" .. ctx.conversation_id
      end)
      local _, chat = call("POST", "/sandbox/chatbots", {})
      local status, result = call("POST", "/sandbox/acts", {
         act = "say", conversation_id = chat.id, side = "USER", text = "سلام",
      })
      assert.equal(200, status)
      assert.equal("علیک", result.conversation.messages[2].text)
      _, result = call("POST", "/sandbox/acts", {
         act = "press", conversation_id = chat.id, side = "USER", which = "بازدید",
      })
      assert.same({ url = "https://example.com/" .. chat.id }, result.seen)
   end)

   it("carries a post's conversation, and tells the bot of its own messages", function()
      local senders = {}
      bot:on("post", { from = "any" }, function(ctx)
         senders[#senders + 1] = ctx.sender.type
         if ctx.sender.type ~= "BOT" then
            ctx:reply "بله"
         end
      end)
      assert(bot.client:subscribe { event_type = "NEW_MESSAGE_ON_POST" })
      local _, conversation = call("POST", "/sandbox/conversations", { post_token = "gZd7omnS" })
      local _, result = call("POST", "/sandbox/acts", {
         act = "say", conversation_id = conversation.id, side = "BUYER", text = "موجود است؟",
      })
      assert.equal("بله", result.conversation.messages[2].text)
      host:run(function()
         return #senders == 2
      end)
      assert.same({ "HUMAN", "BOT" }, senders)
   end)

   -- The bot with all that the sandbox says it needs.
   local function attach()
      local settings = {}
      for _, setting in ipairs(sandbox:environment()) do
         settings[setting[1]:lower():gsub("^kenar_", "")] = setting[2]
      end
      bot:attach(host, settings)
   end

   local function get(url, cookie)
      return assert(host.request { method = "GET", url = url, headers = { cookie = cookie }, timeout = 5 })
   end

   it("asks a user on its page, and gives tokens with which the bot subscribes and reads", function()
      attach()
      local granted
      bot:hears("اجازه", function(ctx)
         ctx:reply(ctx:authorize({ "USER_ID", "CHAT_POST_CONVERSATIONS_READ.gZd7omnS" }, { post_token = "gZd7omnS" }))
      end)
      bot:granted(function(ctx)
         granted = ctx.grant
         ctx:subscribe("NEW_MESSAGE_ON_POST", ctx.post_token)
         return "https://shop.example.ir/"
      end)
      local heard
      bot:on("post", function(ctx)
         heard = ctx.text
      end)
      call("POST", "/sandbox/posts", { post_token = "gZd7omnS", seller = "سارا" })
      local _, chat = call("POST", "/sandbox/chatbots", { user = "سارا" })
      local _, result = call("POST", "/sandbox/acts", {
         act = "say", conversation_id = chat.id, side = "USER", text = "اجازه",
      })
      local start = get(result.conversation.messages[2].text)
      local cookie = start.headers["set-cookie"]:match "^[^;]+"
      local page = get(start.headers.location)
      assert.truthy(page.body:find("sandbox-app asks", 1, true))
      assert.truthy(page.body:find('<option value="سارا">', 1, true))
      local query = page.body:match 'name="query" value="([^"]*)"':gsub("&amp;", "&")
      local decided = assert(host.request {
         method = "POST", url = sandbox:url() .. "/oauth2/auth", timeout = 5,
         headers = { ["content-type"] = "application/x-www-form-urlencoded" },
         body = "decision=allow&user=" .. core.percent_encode "سارا" .. "&query=" .. core.percent_encode(query),
      })
      local back = get(decided.headers.location, cookie)
      assert.equal("https://shop.example.ir/", back.headers.location)
      assert.equal(chat.members.USER, granted.user_id)

      local _, conversation = call("POST", "/sandbox/conversations", { post_token = "gZd7omnS" })
      call("POST", "/sandbox/acts", { act = "say", conversation_id = conversation.id, side = "BUYER", text = "سلام" })
      assert.equal("سلام", heard)
      call("POST", "/sandbox/tokens/expire", {})
      local _, err = bot.client:get_user { access_token = granted.access_token }
      assert.equal("access token is expired", err.message)

      local _, log = call("GET", "/sandbox/log")
      for _, exchange in ipairs(log.exchanges) do
         local text = json.encode(exchange)
         for _, secret in ipairs { granted.access_token, "sandbox-oauth-secret", cookie:match "=(.+)" } do
            assert.is_nil(text:find(secret, 1, true), exchange.endpoint)
         end
      end
   end)

   it("takes uploads on the same port, and keeps no large one", function()
      attach()
      local bytes = "\137PNG\r\n\26\n" .. ("x"):rep(1048576)
      local result = assert(bot.client:upload_media("image", { bytes = bytes, name = "a.png" }))
      assert.equal(#bytes, sandbox.judge.state.media[result.media_token].size)
      local exchange = sandbox.judge.log[2]
      assert.same({ "upload_media", 200 }, { exchange.endpoint, exchange.response.status })
      assert.truthy(exchange.bytes:find "^%(%d+ bytes%)$")
      local res = assert(host.request {
         method = "POST", url = sandbox:url() .. "/v1/open-platform/events/subscriptions", body = bytes, timeout = 5,
      })
      assert.equal(413, res.status)
      assert.equal("application/json", res.headers["content-type"])
      assert.same({
         code = 3, message = ("the body is too large: %d bytes, and at most 1048576 are taken"):format(#bytes),
         details = {},
      }, json.decode(res.body))
   end)

   it("lets people do what happens outside of chats", function()
      local heard = {}
      bot:session_init("POST_ADDON", function(ctx)
         return "https://example.com/" .. ctx.side
      end)
      bot:on("payment_transaction", function(ctx)
         heard[#heard + 1] = ctx.payload.id
      end)
      call("POST", "/sandbox/posts", { post_token = "gZd7omnS", seller = "سارا" })
      local _, result = call("POST", "/sandbox/acts", {
         act = "visit", user = "سارا", source = "POST_ADDON", post_token = "gZd7omnS",
      })
      assert.same({ url = "https://example.com/SELLER" }, result.seen)
      call("POST", "/sandbox/acts", { act = "pay", transaction = { id = "p1" } })
      assert.same({ "p1" }, heard)
      local status, answer = call("POST", "/sandbox/acts", { act = "update_post", post_token = "none" })
      assert.same({ 400, "there is no post none" }, { status, answer.error })
   end)

   it("says what is wrong with the bot", function()
      listener:close(0)
      local _, chat = call("POST", "/sandbox/chatbots", {})
      local status, result = call("POST", "/sandbox/acts", {
         act = "say", conversation_id = chat.id, side = "USER", text = "سلام",
      })
      assert.equal(200, status)
      assert.truthy(result.problem:find("the bot did not answer: ", 1, true))
   end)

   it("shows what there is, and what happened, without secrets", function()
      bot:on("chatbot", function(ctx)
         ctx:reply "بله"
      end)
      local _, chat = call("POST", "/sandbox/chatbots", { user = "سارا" })
      call("POST", "/sandbox/acts", { act = "say", conversation_id = chat.id, side = "USER", text = "سلام" })
      local _, state = call("GET", "/sandbox/state")
      assert.equal(chat.id, state.conversations[1].id)
      assert.equal(2, #state.conversations[1].messages)
      assert.same({ 200, state.conversations[1] }, { call("GET", "/sandbox/conversations?id=" .. chat.id) })

      local _, log = call("GET", "/sandbox/log")
      assert.equal(2, #log.exchanges)
      local sent, event = log.exchanges[1], log.exchanges[2]
      assert.same({ "to_divar", "send_bot_message", 200 }, { sent.direction, sent.endpoint, sent.response.status })
      assert.equal("***", sent.headers["x-api-key"])
      assert.same({ "to_bot", "NEW_CHATBOT_MESSAGE", 200 }, { event.direction, event.event, event.response.status })
      assert.equal("***", event.headers.authorization)
      _, log = call("GET", "/sandbox/log?after=1")
      assert.equal(1, #log.exchanges)
   end)

   it("answers mistakes of its caller's with words", function()
      local function wrong(method, path, body)
         local status, answer = call(method, path, body)
         return status .. " " .. answer.error
      end
      assert.equal("404 there is no GET /sandbox/nothing", wrong("GET", "/sandbox/nothing"))
      assert.equal("400 act is say, send, start, open, press, visit, direct_link, consent, revoke, pay, update_post "
         .. "or check",
         wrong("POST", "/sandbox/acts", { act = "dance" }))
      assert.equal("400 there is no conversation none", wrong("POST", "/sandbox/acts", {
         act = "say", conversation_id = "none", side = "USER", text = "سلام",
      }))
      assert.equal("400 there is no conversation nil", wrong("POST", "/sandbox/acts", {
         act = "say", conversation_id = json.null, side = "USER", text = "سلام",
      }))
      assert.equal("400 user: a name has at most 29 bytes", wrong("POST", "/sandbox/chatbots", {
         user = ("a"):rep(30),
      }))
      assert.equal("400 there is no conversation with id=none", wrong("GET", "/sandbox/conversations?id=none"))
   end)

   it("answers only under the names of this machine", function()
      local status = call("GET", "/sandbox/state", nil, { host = "evil.example.com" })
      assert.equal(403, status)
      assert.equal(200, (call("GET", "/sandbox/state", nil, { host = "localhost:1234" })))
   end)

   it("listens on loopback addresses only", function()
      local server, message = servers.open(host, { address = "0.0.0.0" })
      assert.is_nil(server)
      assert.equal("the sandbox listens on loopback addresses only, not on 0.0.0.0", message)
   end)

   it("says so when its port is taken", function()
      local server, message = servers.open(host, { port = sandbox:port() })
      assert.is_nil(server)
      assert.truthy(message:find(tostring(sandbox:port()), 1, true))
   end)

   it("begins its ids anew each time, so that no bot takes them for ones it has seen", function()
      local other = assert(servers.open(host, {}))
      assert.not_equal(sandbox.judge.state:next_id():sub(1, 8), other.judge.state:next_id():sub(1, 8))
      other:close()
   end)
end)
