local json = require "kenar.json"
local kenar = require "kenar"
local listeners = require "kenar.host.listener"
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
         identification_key = servers.settings.identification_key,
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

   it("says what is wrong with the bot", function()
      listener:close(0)
      local _, chat = call("POST", "/sandbox/chatbots", {})
      local status, result = call("POST", "/sandbox/acts", {
         act = "say", conversation_id = chat.id, side = "USER", text = "سلام",
      })
      assert.equal(200, status)
      assert.truthy(result.problem:find("the bot did not answer: ", 1, true))
   end)

   it("fails as it is told to", function()
      local err
      bot:on("chatbot", function(ctx)
         err = select(2, ctx.client:send_bot_message(ctx.conversation_id, "بله"))
      end)
      assert.equal(200, (call("POST", "/sandbox/faults", { at = "send_bot_message", status = 429 })))
      local _, chat = call("POST", "/sandbox/chatbots", {})
      call("POST", "/sandbox/acts", { act = "say", conversation_id = chat.id, side = "USER", text = "سلام" })
      assert.equal("rate_limited", err.kind)

      call("POST", "/sandbox/faults", { at = "*", status = 500, times = 100 })
      assert.equal(200, (call("DELETE", "/sandbox/faults")))
      call("POST", "/sandbox/acts", { act = "say", conversation_id = chat.id, side = "USER", text = "سلام" })
      assert.is_nil(err)
      local status, body = call("POST", "/sandbox/faults", { at = "nowhere", status = 500 })
      assert.equal(400, status)
      assert.truthy(body.error:find("got nowhere", 1, true))
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
      assert.equal("400 act is say, send, start, open or press", wrong("POST", "/sandbox/acts", { act = "dance" }))
      assert.equal("400 there is no conversation none", wrong("POST", "/sandbox/acts", {
         act = "say", conversation_id = "none", side = "USER", text = "سلام",
      }))
      assert.equal("400 there is no conversation nil", wrong("POST", "/sandbox/acts", {
         act = "say", conversation_id = json.null, side = "USER", text = "سلام",
      }))
      assert.equal("400 user: a name has at most 29 bytes", wrong("POST", "/sandbox/chatbots", {
         user = ("a"):rep(30),
      }))
      assert.equal("400 over HTTP a fault has a status or a delay", wrong("POST", "/sandbox/faults", {
         at = "*", kind = "network",
      }))
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
