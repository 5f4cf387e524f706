local client = require "kenar.client"
local gates = require "kenar.client.limits.gate"
local memory = require "kenar.store.memory"
local virtual = require "kenar.host.virtual"

local ok = { status = 200, headers = {}, body = "{}" }
local busy = { status = 429, headers = {}, body = "{}" }
local busy_for_7 = { status = 429, headers = { ["retry-after"] = "7" }, body = "{}" }

describe("after a 429", function()
   local host, c, left, answers

   -- A Divar that gives these answers in turn, and then takes everything.
   before_each(function()
      left, answers = {}, {}
      host = virtual.new {
         serves = {
            ["https://open-api.divar.ir"] = function(req)
               left[#left + 1] = { at = host.clock(), text = req.body and req.body:match 'message":"(.-)"' or "read" }
               local given = answers[#left] or ok
               host.sleep(given.after or 0)
               return given
            end,
            ["https://chat.divar.ir"] = function()
               left[#left + 1] = { at = host.clock(), text = "upload" }
               return { status = 200, headers = {}, body = '{"id":"m"}' }
            end,
         },
      }
      c = client.new { host = host, api_key = "key-1", access_token = "t" }
   end)

   after_each(function()
      assert.equal(0, gates.of(host, "key-1"):waiting())
      assert.equal(0, host:count())
   end)

   local function begin(text, options, from)
      return host.spawn((from or c).send_bot_message, from or c, text, text, options)
   end

   local function departed()
      local list = {}
      for index, request in ipairs(left) do
         list[index] = ("%g %s"):format(request.at, request.text)
      end
      return list
   end

   it("no call of the app is sent before the Retry-After is over; then replies go first, in order", function()
      answers = { busy_for_7 }
      begin "refused"
      host:advance(1)
      begin("bulk 1", { priority = "bulk" })
      begin "reply 1"
      begin("bulk 2", { priority = "bulk" })
      begin("reply 2", nil, client.new { host = host, api_key = "key-1" })
      host:run()
      assert.same({
         "0 refused", "7.5 reply 1", "7.5 reply 2", "8 refused", "8.3 bulk 1", "8.61429 bulk 2",
      }, departed())
   end)

   it("no call is sent before the back-off is over if Divar asks for no time", function()
      answers = { busy }
      begin "refused"
      host:advance(0)
      begin "next"
      host:run()
      assert.same({ 0, 0.5, 0.5 }, { left[1].at, left[2].at, left[3].at })
   end)

   it("the back-off grows with each refusal in a row, of any call", function()
      answers = { busy, busy, busy, busy }
      c = client.new { host = host, api_key = "key-1", attempts = 1 }
      for number = 1, 5 do
         begin(tostring(number))
         host:advance(100 / 1000)
      end
      host:run()
      assert.same({ "0 1", "0.5 2", "1.5 3", "3.5 4", "7.5 5" }, departed())
   end)

   it("calls of another app are sent meanwhile", function()
      answers = { busy_for_7 }
      begin "refused"
      host:advance(0)
      begin("another's", nil, client.new { host = host, api_key = "key-2" })
      host:run()
      assert.same({ "0 refused", "0 another's", "7.5 refused" }, departed())
   end)

   it("an upload to the other host is sent meanwhile", function()
      answers = { { status = 200, headers = {}, body = '{"token":"u"}', after = 1 }, busy_for_7 }
      local picture = { bytes = "\137PNG\r\n\26\n", name = "a.png" }
      host.spawn(c.upload_media, c, "image", picture)
      begin "refused"
      host:run()
      assert.same({ "0 read", "0 refused", "1 upload", "7.5 refused" }, departed())
   end)

   it("a call whose deadline lies in the pause ends at once, unsent", function()
      answers = { busy_for_7 }
      begin "refused"
      host:advance(1)
      local result, err = c:send_bot_message("c", "t", { deadline = 5 })
      assert.is_nil(result)
      assert.same({ "rate_limited", "PAUSED", "no", true, 0, 6.5 },
         { err.kind, err.code_name, err.sent, err.retryable, err.attempts, err.retry_after })
      assert.equal(1, host.clock())
      host:run()
   end)

   it("a call that was refused itself ends with that refusal", function()
      answers = { busy, { status = 429, headers = { ["retry-after"] = "60" }, body = "{}", after = 0.1 } }
      local refused = begin "refused"
      begin "another"
      host:run()
      -- Before its next attempt the pause has become longer than its deadline.
      local _, _, err = refused:wait()
      assert.same({ "rate_limited", 429, 1 }, { err.kind, err.status, err.attempts })
      assert.equal(2, #left)
   end)

   it("a bulk send waits until the minute is over, though not until the day is, unless it is told otherwise", function()
      local function asks_for(seconds)
         answers[#left + 1] = { status = 429, headers = { ["retry-after"] = seconds }, body = "{}" }
      end
      asks_for "58"
      assert(c:send_bot_message("c", "t", { priority = "bulk" }))
      assert.equal(58.5, host.clock())
      asks_for "58"
      assert.equal(429, select(2, c:send_bot_message("c", "t", { priority = "bulk", deadline = 30 })).status)
      host:advance(60)
      asks_for "7200"
      assert.equal(7200, select(2, c:send_bot_message("c", "t", { priority = "bulk" })).retry_after)
      assert.equal(118.5, host.clock())
   end)

   it("a run of many goes on at half its pace, and is at the old one some seconds later", function()
      c = client.new { host = host, api_key = "key-1", deadline = 1000 }
      for number = 1, 100 do
         begin("before " .. number)
         if number % 10 == 0 then
            host:advance(0.1)
         end
      end
      answers[101] = busy_for_7
      begin "refused"
      host:advance(0)
      for number = 1, 2000 do
         begin("after " .. number)
      end
      host:run()
      local function count(from, to)
         local number = 0
         for _, request in ipairs(left) do
            number = number + (request.at >= from and request.at < to and 1 or 0)
         end
         return number
      end
      assert.equal(101, count(0, 8.49))
      -- What may leave at once, and 50 in a second that grow by 10 a second.
      assert.is_near(50 + 55, count(8.49, 9.5), 3)
      assert.is_near(65, count(9.5, 10.5), 2)
      assert.is_near(105, count(13.5, 14.5), 2)
      assert.equal(2101 + 1, #left)
   end)

   it("calls are slow no longer than it takes, and cost nothing afterwards", function()
      answers = { busy }
      begin "refused"
      host:run()
      host:advance(60)
      begin "later"
      host:run()
      assert.is_false(gates.of(host, "key-1").is_guarded)
   end)

   it("other processes wait as well if there is a quota", function()
      local store = memory.new { now = host.clock }
      answers = { busy_for_7 }
      local function new_client(on)
         return client.new { host = on, api_key = "key-1", store = store, quota = { minute = 60 } }
      end
      begin("refused", { deadline = 5 }, new_client(host))
      host:run()
      -- Another host is another process here: it knows nothing but the store.
      local other = new_client(virtual.new { serves = host.serves })
      local result, err = other:send_bot_message("c", "t", { deadline = 5 })
      assert.is_nil(result)
      assert.equal("MINUTE_QUOTA", err.code_name)
      assert.is_near(7.5, err.retry_after, 0.01)
   end)
end)
