local sandboxed = require "spec.support.sandboxed"

describe("the sandbox's feed", function()
   local site

   before_each(function()
      site = sandboxed.open()
   end)

   after_each(function()
      site:close()
   end)

   local function chat()
      local _, conversation = site:call("POST", "/sandbox/chatbots", {})
      return conversation
   end

   local function say(conversation, text, side)
      return site:call("POST", "/sandbox/acts", {
         act = "say", conversation_id = conversation.id, side = side or "USER", text = text, brief = true,
      })
   end

   it("is a stream of server-sent events", function()
      local listener = site:listen()
      assert.truthy(listener.bytes:find("HTTP/1.1 200 OK", 1, true))
      assert.truthy(listener.bytes:lower():find("content-type: text/event-stream", 1, true))
      assert.truthy(listener.bytes:lower():find("cache-control: no-store", 1, true))
   end)

   it("tells of conversations, messages and exchanges as they happen", function()
      site.bot:on("chatbot", function(ctx) ctx:reply "علیک" end)
      local listener = site:listen()
      local conversation = chat()
      local told = site:event(listener, "conversation")
      assert.equal(conversation.id, told.conversation.id)
      assert.equal("customer", told.users[conversation.members.USER].name)
      say(conversation, "سلام")
      assert.same({ conversation.id, "سلام" }, (function(e) return { e.conversation_id, e.message.text } end)(
         site:event(listener, "message")))
      assert.equal("علیک", site:event(listener, "message").message.text)
      local exchange = site:event(listener, "exchange")
      assert.same({ "to_divar", "send_bot_message", 200 }, {
         exchange.direction, exchange.endpoint, exchange.response.status,
      })
      exchange = site:event(listener, "exchange")
      assert.same({ "to_bot", "NEW_CHATBOT_MESSAGE", 200 }, {
         exchange.direction, exchange.event, exchange.response.status,
      })
      assert.is_nil(exchange.headers)
      assert.is_nil(exchange.body)
   end)

   it("tells every listener the same", function()
      local one, two = site:listen(), site:listen()
      local conversation = chat()
      say(conversation, "سلام")
      assert.same(site:event(one, "message"), site:event(two, "message"))
   end)

   it("tells of a conversation that it has not told of, whole, when something is written there", function()
      local conversation = chat()
      local listener = site:listen()
      say(conversation, "سلام")
      local told = site:event(listener, "conversation")
      assert.equal("سلام", told.conversation.messages[1].text)
   end)

   it("tells which faults are on, and that they struck", function()
      local listener = site:listen()
      local _, added = site:call("POST", "/sandbox/faults", { at = "webhook", kind = "delay", delay = 0, times = 2 })
      assert.equal(added.id, site:event(listener, "faults").faults[1].id)
      say(chat(), "سلام")
      assert.same({ 1, 1 }, (function(e) return { e.faults[1].struck, e.faults[1].times } end)(
         site:event(listener, "faults")))
      site:call("DELETE", "/sandbox/faults")
      assert.same({}, site:event(listener, "faults").faults)
   end)

   it("tells when the bot begins to be told of a post's messages", function()
      local _, conversation = site:call("POST", "/sandbox/conversations", { post_token = "gZd7omnS" })
      assert.is_false(conversation.is_heard)
      local listener = site:listen()
      site:ask("GET", "/sandbox/state")
      assert(site.bot.client:subscribe { event_type = "NEW_MESSAGE_ON_POST" })
      assert.is_true(site:event(listener, "conversation").conversation.is_heard)
   end)

   it("lets go of whoever leaves", function()
      local listener = site:listen()
      assert.is_true(site.sandbox.feed:has_listeners())
      listener.socket:close()
      table.remove(site.sockets)
      site:await(function()
         return not site.sandbox.feed:has_listeners()
      end, "the end of the stream")
   end)

   it("lets go of whoever does not read, and keeps no more than it may", function()
      site:listen()
      local detail = { text = ("x"):rep(65536) }
      for _ = 1, 200 do
         site.sandbox.feed:tell("message", detail)
         site.host:step(0)
      end
      assert.is_false(site.sandbox.feed:has_listeners())
   end)

   it("ends with the sandbox", function()
      local listener = site:listen()
      site.sandbox:close(0)
      local closed
      repeat
         local _, message = listener.socket:receive(65536)
         closed = message
      until closed
      assert.equal("closed", closed)
      assert.is_false(site.sandbox.feed:has_listeners())
   end)
end)
