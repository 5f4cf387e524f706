local virtual = require "kenar.host.virtual"
local call_queue = require "kenar.client.limits.queue"

describe("kenar.client.limits.queue", function()
   local host, queue, passed, opens_at, asked

   -- A gate that opens at some time, for one each second.
   local function may_pass(priority)
      asked[#asked + 1] = priority
      local wait = opens_at[priority] - host.clock()
      if wait > 0 then
         return false, wait
      end
      opens_at[priority] = host.clock() + 1
      return true
   end

   before_each(function()
      host = virtual.new { on_error = function() end }
      passed, asked, opens_at = {}, {}, { reply = 10, bulk = 20 }
      queue = call_queue.new(host, may_pass)
   end)

   after_each(function()
      assert.equal(0, queue:count())
      assert.equal(0, host:count())
   end)

   local function come(name, priority, patience)
      return host.spawn(function()
         local ok, reason, detail = queue:pass(priority, patience or math.huge)
         if ok then
            passed[#passed + 1] = ("%g %s"):format(host.clock(), name)
         end
         return ok, reason, detail
      end)
   end

   it("lets replies pass before bulk sends, each in the order they came", function()
      come("b1", "bulk")
      come("b2", "bulk")
      come("r1", "reply")
      come("r2", "reply")
      host:run()
      assert.same({ "10 r1", "11 r2", "20 b1", "21 b2" }, passed)
   end)

   it("asks for the first call only, at the time it was told", function()
      come("r1", "reply")
      come("r2", "reply")
      host:advance(9)
      assert.same({ "reply", "reply" }, asked)
      host:run()
      assert.same({ "10 r1", "11 r2" }, passed)
   end)

   it("asks at once for a reply that comes while it sleeps for a bulk send", function()
      come("b", "bulk")
      host:advance(12)
      come("r", "reply")
      host:run()
      assert.same({ "12 r", "20 b" }, passed)
   end)

   it("asks again when ask_again is called", function()
      come("b", "bulk")
      host:advance(5)
      opens_at.bulk = 0
      queue:ask_again()
      host:run()
      assert.same({ "5 b" }, passed)
   end)

   it("tells at once that it takes too long, if no other call waits", function()
      local hasty = come("hasty", "reply", 9)
      host:advance(0)
      assert.same({ true, nil, "timeout", 10 }, { hasty:wait() })
   end)

   it("drops calls whose patience ends, and no other call waits for them", function()
      local hasty = come("hasty", "reply", 25)
      local hastier = come("hastier", "bulk", 3)
      come("patient", "reply")
      host:advance(0)
      opens_at.reply = 50
      host:run()
      assert.same({ true, nil, "timeout" }, { hastier:wait() })
      assert.same({ true, nil, "timeout" }, { hasty:wait() })
      assert.same({ "50 patient" }, passed)
   end)

   it("ends its task with the last call that waits", function()
      opens_at.reply = 5
      come("r1", "reply", 10)
      come("r2", "reply", 12)
      host:advance(0)
      opens_at.reply = 3600
      host:run()
      assert.same({}, passed)
      assert.equal(12, host.clock())
   end)

   it("keeps the order if asking itself takes time", function()
      queue = call_queue.new(host, function()
         host.sleep(1)
         return true
      end)
      for number = 1, 4 do
         come(tostring(number), "reply")
      end
      host:run()
      assert.same({ "1 1", "2 2", "3 3", "4 4" }, passed)
   end)

   it("gives the error to the call that was asked for", function()
      local failure = { "broken" }
      opens_at.reply = 5
      queue = call_queue.new(host, function(priority)
         if host.clock() < 5 then
            return may_pass(priority)
         end
         return false, nil, failure
      end)
      local task = come("r", "reply")
      host:run()
      assert.same({ true, nil, "failed", failure }, { task:wait() })
   end)

   it("ends as closed when the host stops", function()
      local task = come("r", "reply")
      host:advance(1)
      host:stop()
      host:run()
      assert.same({ true, nil, "closed" }, { task:wait() })
   end)
end)
