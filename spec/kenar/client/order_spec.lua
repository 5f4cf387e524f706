local client = require "kenar.client"
local orders = require "kenar.client.order"
local virtual = require "kenar.host.virtual"

describe("messages of one app", function()
   local host, c, left, answer

   before_each(function()
      left = {}
      -- A Divar that takes a second for each request.
      function answer()
         host.sleep(1)
         return { status = 200, headers = {}, body = "{}" }
      end
      host = virtual.new {
         serves = {
            ["https://open-api.divar.ir"] = function(req)
               left[#left + 1] = { at = host.clock(), url = req.url, body = req.body }
               return answer(req)
            end,
            ["https://chat.divar.ir"] = function()
               host.sleep(10)
               return { status = 200, headers = {}, body = '{"id":"media-1"}' }
            end,
         },
      }
      c = client.new { host = host, api_key = "key-1", access_token = "ory_at_1" }
   end)

   after_each(function()
      assert.equal(0, host:count())
      assert.equal(0, orders.of(host, "key-1"):count())
   end)

   -- Let a call be made as a task; the outcome comes with the task.
   local function begin(method, ...)
      return host.spawn(c[method], c, ...)
   end

   local function texts()
      local list = {}
      for index, request in ipairs(left) do
         list[index] = ("%g %s"):format(request.at, request.body:match 'message":"(.-)"')
      end
      return list
   end

   it("to one conversation are sent one after the other, in the order they were given", function()
      for number = 1, 5 do
         begin("send_message", "c", "text " .. number)
      end
      host:run()
      assert.same({ "0 text 1", "1 text 2", "2 text 3", "3 text 4", "4 text 5" }, texts())
   end)

   it("to other conversations are sent meanwhile", function()
      begin("send_message", "a", "a1")
      begin("send_message", "a", "a2")
      begin("send_message", "b", "b1")
      begin("send_message", "b", "b2")
      host:run()
      assert.same({ "0 a1", "0 b1", "1 a2", "1 b2" }, texts())
   end)

   it("to other conversations do not wait if one conversation hangs", function()
      function answer(req)
         host.sleep(req.url:find("/hangs/", 1, true) and 3600 or 1)
         return { status = 200, headers = {}, body = "{}" }
      end
      begin("send_message", "hangs", "h1")
      begin("send_message", "hangs", "h2")
      for number = 1, 3 do
         begin("send_message", "c", "c" .. number)
      end
      host:run()
      assert.same({ "0 h1", "0 c1", "1 c2", "2 c3", "10 h2" }, texts())
   end)

   it("wait until the previous one has its outcome, its retries included", function()
      function answer()
         return { status = #left < 3 and 429 or 200, headers = {}, body = "{}" }
      end
      begin("send_message", "c", "first")
      begin("send_message", "c", "second")
      host:run()
      assert.same({ "0 first", "0.5 first", "1.5 first", "1.5 second" }, texts())
   end)

   it("are sent after a message that failed", function()
      function answer()
         return { status = #left == 1 and 412 or 200, headers = {}, body = "{}" }
      end
      local first, second = begin("send_message", "c", "first"), begin("send_message", "c", "second")
      host:run()
      assert.equal(412, select(3, first:wait()).status)
      assert.same({}, select(2, second:wait()))
   end)

   it("are sent after a message whose call raised", function()
      host = virtual.new { serves = host.serves, on_error = function() end }
      c = client.new { host = host, api_key = "key-1", access_token = "ory_at_1" }
      function answer()
         if #left == 1 then
            host.sleep(1)
            error "Divar is broken"
         end
         return { status = 200, headers = {}, body = "{}" }
      end
      local first, second = begin("send_message", "c", "first"), begin("send_message", "c", "second")
      host:run()
      assert.matches("Divar is broken", select(2, first:wait()))
      assert.same({}, select(2, second:wait()))
   end)

   it("do not overtake a medium that is uploaded first", function()
      function answer(req)
         return { status = 200, headers = {}, body = req.url:find "/upload$" and '{"token":"upload-1"}' or "{}" }
      end
      begin("send_message", "c", { image = { bytes = "\137PNG\r\n\26\n", name = "a.png" } })
      begin("send_message", "c", "after the picture")
      begin("send_message", "d", "elsewhere")
      host:run()
      assert.equal("0 elsewhere", texts()[2])
      assert.truthy(left[3].body:find("media-1", 1, true))
      assert.equal("10 after the picture", texts()[4])
   end)

   it("are sent as they were given, although their tables change while they wait", function()
      local second = { text = "second" }
      begin("send_message", "c", "first")
      begin("send_message", "c", second)
      host:advance(0.5)
      second.text = "changed"
      host:run()
      assert.same({ "0 first", "1 second" }, texts())
   end)

   it("of all clients and users are in one order, in a post's chat and in the bot's", function()
      host.spawn(c.send_message, c:as { access_token = "ory_at_2" }, "c", "t1")
      host.spawn(c.send_message, client.new { host = host, api_key = "key-1", access_token = "t" }, "c", "t2")
      begin("send_bot_message", "c", "t3")
      host:run()
      assert.same({ "0 t1", "1 t2", "2 t3" }, texts())
   end)

   it("of another app have an order of their own", function()
      begin("send_message", "c", "mine")
      host.spawn(c.send_message, client.new { host = host, api_key = "key-2", access_token = "t" }, "c", "theirs")
      host:run()
      assert.same({ "0 mine", "0 theirs" }, texts())
   end)

   it("to a user have an order of their own", function()
      begin("send_bot_message_to_user", "u", "to the user 1")
      begin("send_bot_message_to_user", "u", "to the user 2")
      begin("send_bot_message", "u", "a conversation of that name")
      host:run()
      assert.same({ "0 to the user 1", "0 a conversation of that name", "1 to the user 2" }, texts())
   end)

   it("of the old API are told apart by their three ids", function()
      local function legacy(peer_id, text)
         host.spawn(c.legacy.send_message, c.legacy,
            { user_id = "u", peer_id = peer_id, post_token = "p", text = text })
      end
      legacy("a", "a1")
      legacy("a", "a2")
      legacy("b", "b1")
      host:run()
      assert.same({ "0 a1", "0 b1", "1 a2" }, texts())
   end)

   it("that are invalid do not wait to say so", function()
      begin("send_message", "c", "first")
      local invalid = begin("send_message", "c", { text = "t", sender_buttons = "none" })
      host:advance(0)
      assert.equal("invalid", select(3, invalid:wait(0)).kind)
      host:run()
   end)

   describe("whose turn does not come", function()
      it("by the deadline of the call end with a timeout, unsent, and later ones move up", function()
         begin("send_message", "c", "first")
         local hasty = begin("send_message", "c", "hasty", { deadline = 0.25 })
         begin("send_message", "c", "third")
         host:run()
         local _, _, err = hasty:wait()
         assert.same({ "timeout", "no", true, 0, "send_message" },
            { err.kind, err.sent, err.retryable, err.attempts, err.endpoint })
         assert.same({ "0 first", "1 third" }, texts())
      end)

      it("because it came at the very moment of the deadline give it to the next one", function()
         local order, endpoint = orders.of(host, "key-1"), { name = "send", id = "conversation_id" }
         local reached = {}
         local function run(name, patience)
            local call = { endpoint = endpoint, options = { deadline = patience } }
            return host.spawn(order.run, order, call, "c", function()
               host.sleep(1)
               reached[#reached + 1] = name
            end)
         end
         run "first"
         local hasty = run("hasty", 1)
         run "third"
         host:run()
         assert.equal("timeout", select(3, hasty:wait()).kind)
         assert.same({ "first", "third" }, reached)
      end)

      it("before the host stops end as closed, unsent", function()
         begin("send_message", "c", "first")
         local second, third = begin("send_message", "c", "second"), begin("send_message", "c", "third")
         host:advance(0.5)
         host:stop()
         host:run()
         for _, task in ipairs { second, third } do
            local _, _, err = task:wait()
            assert.same({ "closed", "no", false }, { err.kind, err.sent, err.retryable })
         end
         assert.equal(1, #left)
      end)
   end)

   it("leave nothing behind when 500 conversations had 20 each", function()
      for number = 1, 10000 do
         begin("send_message", "c" .. number % 500, ("%d"):format(number))
      end
      host:run()
      assert.equal(10000, #left)
      local last = {}
      for _, request in ipairs(left) do
         local number = tonumber(request.body:match 'message":"(%d+)"')
         assert.is_true(number > (last[number % 500] or 0))
         last[number % 500] = number
      end
      assert.equal(20 - 1, left[#left].at)
   end)
end)
