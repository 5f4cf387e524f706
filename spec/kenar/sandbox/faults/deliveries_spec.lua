local json = require "kenar.json"
local kenar = require "kenar"
local listeners = require "kenar.host.loop.listener"
local loop = require "kenar.host.loop"
local servers = require "kenar.sandbox.server"

describe("faults of deliveries, over HTTP", function()
   local host, sandbox, listener, received, chat, answer

   before_each(function()
      host = loop.new {}
      sandbox = assert(servers.open(host, { fault_seed = 7 }))
      received = {}
      answer = nil
      listener = assert(listeners.open(host, {}, function(request)
         local body = json.decode(request.body)
         local message = body.new_chatbot_message
         received[#received + 1] = message and message.text or body.type or request.path
         return answer and answer(request) or {}
      end))
      sandbox:point_at(("http://127.0.0.1:%d/kenar"):format(listener:port()))
      chat = sandbox.judge.state:chatbot(sandbox.judge.state:user("customer").id)
   end)

   after_each(function()
      listener:close(0)
      sandbox:close(0)
      host:stop()
      host:run()
      assert.equal(0, host:count())
   end)

   local function fail(fault)
      assert(sandbox:fail(fault))
   end

   -- The act of a person, done once the bot has answered.
   local function say(text, conversation)
      local act = assert(sandbox:perform("say", (conversation or chat).id, "USER", text))
      assert.is_nil(act.problem)
      return act
   end

   local function wait_for(count)
      host:run(function()
         return #received >= count
      end)
      return received
   end

   -- The faults of what was delivered, in the log's order.
   local function logged()
      local faults = {}
      local res = assert(host.request { method = "GET", url = sandbox:url() .. "/sandbox/log", headers = {} })
      assert.equal(200, res.status)
      for i, exchange in ipairs(json.decode(res.body).exchanges) do
         faults[i] = { exchange.fault or "-", exchange.response and exchange.response.status or 0 }
      end
      return faults
   end

   it("duplicate: the same event comes twice, byte by byte", function()
      local bodies = {}
      answer = function(request)
         bodies[#bodies + 1] = request.body
         return {}
      end
      fail { at = "NEW_CHATBOT_MESSAGE", kind = "duplicate" }
      say "یک"
      say "دو"
      assert.same({ "یک", "یک", "دو" }, received)
      assert.equal(bodies[1], bodies[2])
      assert.same({ { "duplicate", 200 }, { "duplicate", 200 }, { "-", 200 } }, logged())
   end)

   it("duplicate: as often as they were told to", function()
      fail { at = "webhook", kind = "duplicate", copies = 3 }
      say "یک"
      assert.same({ "یک", "یک", "یک", "یک" }, received)
   end)

   it("drop: the bot is never told, and the person sees nothing wrong", function()
      fail { at = "webhook", kind = "drop" }
      say "یک"
      say "دو"
      assert.same({ "دو" }, received)
      assert.same({ { "drop", 0 }, { "-", 200 } }, logged())
   end)

   it("reorder: an event comes behind the next one of its conversation", function()
      local other = sandbox.judge.state:chatbot(sandbox.judge.state:user("other").id)
      fail { at = "webhook", kind = "reorder", delay = 60, conversation_id = chat.id }
      say "یک"
      say("دیگر", other)
      say "دو"
      assert.same({ "دیگر", "دو", "یک" }, wait_for(3))
      host:run(function()
         return #sandbox.judge.log == 3
      end)
      assert.same({ { "-", 200 }, { "-", 200 }, { "reorder, 60 s", 200 } }, logged())
   end)

   it("reorder: an event comes late where none follows it", function()
      fail { at = "webhook", kind = "reorder", delay = 0.05 }
      local began = host.clock()
      say "یک"
      assert.same({}, received)
      assert.same({ "یک" }, wait_for(1))
      assert.is_true(host.clock() - began >= 0.05)
   end)

   it("reorder: of two that are held back both come behind the third", function()
      fail { at = "webhook", kind = "reorder", delay = 60, times = 2 }
      say "یک"
      say "دو"
      say "سه"
      wait_for(3)
      assert.equal("سه", received[1])
      table.sort(received)
      assert.same({ "دو", "سه", "یک" }, received)
   end)

   it("delay: an event comes late, and the next one passes it", function()
      fail { at = "webhook", delay = 0.05 }
      local first = host.spawn(say, "یک")
      host.sleep(0)
      say "دو"
      assert(first:wait())
      assert.same({ "دو", "یک" }, received)
   end)

   it("of what a person waits for: late, twice, never", function()
      answer = function()
         return { body = '{"url":"https://example.com/"}' }
      end
      local function open()
         local act = assert(sandbox:perform("visit", "customer", "MY_DIVAR"))
         assert.is_nil(act.problem)
         return act.seen
      end
      fail { at = "session_init", kind = "duplicate" }
      assert.same({ url = "https://example.com/" }, open())
      assert.equal(2, #received)
      fail { at = "session_init", kind = "drop" }
      assert.same({}, open())
      assert.equal(2, #received)
      fail { at = "session_init", delay = 0.01 }
      assert.same({ url = "https://example.com/" }, open())
      assert.equal(3, #received)
   end)

   it("lose no event but those that were dropped, whatever else is drawn", function()
      fail { at = "webhook", kinds = { "duplicate", "reorder", "delay", "drop" }, delay = 0.01, rate = 0.5 }
      local tasks = {}
      for i = 1, 50 do
         tasks[i] = host.spawn(say, tostring(i))
      end
      for i = 1, 50 do
         assert(tasks[i]:wait())
      end
      local struck = sandbox.judge.faults.struck
      local expected = 50 + struck.duplicate - struck.drop
      wait_for(expected)
      assert.equal(expected, #received)
      local seen, different = {}, 0
      for _, text in ipairs(received) do
         different = different + (seen[text] and 0 or 1)
         seen[text] = true
      end
      assert.equal(50 - struck.drop, different)
   end)

   it("find a bot that handles each event once", function()
      local bot, heard = kenar.bot {}, {}
      bot:attach(host, {
         base_url = sandbox:url(), api_key = servers.settings.api_key,
         identification_key = servers.settings.identification_key,
      })
      bot:on("chatbot", function(ctx)
         heard[#heard + 1] = ctx.text
      end)
      answer = function(request)
         return bot:handle(request)
      end
      host.log = function() end
      fail { at = "webhook", kind = "duplicate", copies = 2 }
      say "یک"
      assert.equal(3, #received)
      assert.same({ "یک" }, heard)
   end)
end)
