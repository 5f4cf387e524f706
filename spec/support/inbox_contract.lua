--- What every inbox promises, as specs: call it inside a `describe` with a function that makes one.
--
-- `make(options)` returns a subject: `inbox`, which is empty, opened with these options; `host`, whose time
-- `advance(seconds)` lets pass; `reopen()`, which closes the inbox and returns it opened anew; `settle(happened)`,
-- where `on_ready` is called a moment later, which waits for that moment; and `close()`.

local assert = require "luassert"
---@param make fun(options: table): table
---@param runner? table what the specs are defined with (default: busted)
---@param forgets? boolean whether the decoded event is not kept: another machine may take it
return function(make, runner, forgets)
   runner = runner or require "busted"
   local describe, it, before_each, after_each = runner.describe, runner.it, runner.before_each, runner.after_each
   local subject, inbox

   local function open(options)
      if subject then
         subject.close()
      end
      subject = make(options or {})
      inbox = subject.inbox
   end

   before_each(function()
      open()
   end)

   after_each(function()
      subject.close()
      subject = nil
   end)

   local function put(...)
      local list = {}
      for i, row in ipairs { ... } do
         list[i] = { order_key = row[1], body = row[2], id = row[3] }
      end
      return assert(inbox:put(list))
   end

   -- The bodies of what can be taken, and the leases.
   local function take(n, seconds)
      local list = assert(inbox:take("worker", n or 100, seconds or 60))
      local bodies, leases = {}, {}
      for i, entry in ipairs(list) do
         bodies[i], leases[i] = entry.body, entry.lease
      end
      return bodies, leases, list
   end

   local function counts()
      local stats = inbox:stats()
      return { stats.pending, stats.running, stats.delayed, stats.dead }
   end

   -- Fail the only event that can be taken until it is dead.
   local function kill(attempts)
      for attempt = 1, attempts do
         local _, leases = take()
         assert.equal(attempt < attempts and "retry" or "dead", inbox:fail(leases[1], 0, "attempt " .. attempt))
         subject.advance(0)
      end
   end

   describe("put and take", function()
      it("give back an event with every field", function()
         local whole = {
            id = "m1", order_key = "conversation 1", kind = "message", path = "/kenar/events",
            headers = { ["api-version"] = "2", ["user-agent"] = "Divar" }, body = "\0\1\255سلام",
            received_at = 1735689600.25,
         }
         assert.same({ true }, inbox:put { whole })
         inbox = subject.reopen()
         local _, _, list = take()
         local got = list[1]
         for _, name in ipairs { "id", "order_key", "kind", "path", "body", "received_at" } do
            assert.equal(whole[name], got[name])
         end
         assert.same({ ["api-version"] = "2", ["user-agent"] = "Divar" }, got.headers)
         assert.equal(1, got.attempts)
         assert.truthy(got.lease)
      end)

      it("take an event that has nothing but a body, or not even that", function()
         assert.same({ true, true }, inbox:put { { body = "x" }, {} })
         inbox = subject.reopen()
         local _, _, list = take()
         assert.equal(2, #list)
         assert.equal("x", list[1].body)
         assert.is_nil(list[2].body)
         assert.is_nil(list[1].headers)
      end)

      if not forgets then
         it("hand the decoded event on while it is in memory", function()
            local event = { kind = "message" }
            assert(inbox:put { { body = "x", event = event } })
            local _, _, list = take()
            assert.equal(event, list[1].event)
         end)
      end

      it("give events in the order in which they were put", function()
         put({ "a", "1" }, { "b", "2" })
         put({ nil, "3" }, { "c", "4" })
         assert.same({ "1", "2", "3", "4" }, (take()))
      end)

      it("give as many as wanted, and none twice", function()
         put({ "a", "1" }, { "b", "2" }, { "c", "3" })
         assert.same({ "1", "2" }, (take(2)))
         assert.same({ "3" }, (take(2)))
         assert.same({}, (take(2)))
      end)

      it("hold an event back while one with its order_key is out", function()
         put({ "a", "1" }, { "a", "2" }, { "a", "3" }, { "b", "4" })
         local bodies, leases = take()
         assert.same({ "1", "4" }, bodies)
         assert.same({}, (take()))
         assert.is_true(inbox:done { leases[1] })
         assert.same({ "2" }, (take()))
      end)

      it("hold nothing back where there is no order_key", function()
         put({ nil, "1" }, { nil, "2" })
         assert.same({ "1", "2" }, (take()))
      end)
   end)

   describe("an id", function()
      it("that has come before makes a duplicate, which is not given out", function()
         put({ "a", "1", "m1" })
         assert.same({ "duplicate", true }, put({ "a", "1", "m1" }, { "b", "2", "m2" }))
         assert.same({ "1", "2" }, (take()))
      end)

      it("may not come twice in one put either", function()
         assert.same({ true, "duplicate" }, put({ "a", "1", "m1" }, { "a", "1", "m1" }))
      end)

      it("is known while its event is handled, and afterwards", function()
         put({ "a", "1", "m1" })
         local _, leases = take()
         assert.same({ "duplicate" }, put { "a", "1", "m1" })
         inbox:done(leases)
         assert.same({ "duplicate" }, put { "a", "1", "m1" })
      end)

      it("is known after a restart, that of a handled event too, whatever bytes it has", function()
         put({ "a", "1", "m1" }, { "b", "2", "5:\n\0سلام" }, { "c", "3", "" })
         local _, leases = take(2)
         inbox:done(leases)
         inbox = subject.reopen()
         assert.same({ "duplicate", "duplicate", "duplicate", true },
            put({ "a", "1", "m1" }, { "b", "2", "5:\n\0سلام" }, { "c", "3", "" }, { "d", "4", "m4" }))
         assert.same({ "3", "4" }, (take()))
      end)

      it("is not needed: events without one are never duplicates", function()
         assert.same({ true, true }, put({ "a", "1" }, { "a", "1" }))
      end)
   end)

   describe("what was not done", function()
      it("is there again after a restart, with what was out, in its order", function()
         put({ "a", "1" }, { "a", "2" }, { "b", "3" })
         local _, leases = take()
         inbox:done { leases[1] }
         inbox = subject.reopen()
         assert.same({ 2, 0, 0, 0 }, counts())
         assert.same({ "2", "3" }, (take()))
      end)

      it("comes back when its lease is over, counted, and before those behind it", function()
         put({ "a", "1" }, { "a", "2" })
         take(1, 10)
         subject.advance(9)
         assert.same({}, (take()))
         subject.advance(2)
         local bodies, _, list = take()
         assert.same({ "1" }, bodies)
         assert.equal(2, list[1].attempts)
      end)

      it("stays out for longer when the lease is extended", function()
         put({ "a", "1" })
         local _, leases = take(1, 10)
         subject.advance(9)
         assert.is_true(inbox:extend(leases[1], 10))
         subject.advance(9)
         assert.same({}, (take()))
         subject.advance(2)
         assert.same({ "1" }, (take()))
      end)
   end)

   describe("a lease that is over", function()
      local lease

      before_each(function()
         put({ "a", "1" })
         local _, leases = take(1, 10)
         lease = leases[1]
         subject.advance(11)
      end)

      it("cannot be extended", function()
         local ok, err = inbox:extend(lease, 10)
         assert.is_nil(ok)
         assert.equal("store", err.kind)
      end)

      it("cannot fail", function()
         local became, err = inbox:fail(lease)
         assert.is_nil(became)
         assert.equal("store", err.kind)
      end)

      it("does not delete the event that another worker has now", function()
         local _, _, list = take()
         assert.are_not.equal(lease, list[1].lease)
         assert.is_true(inbox:done { lease })
         assert.same({ 0, 1, 0, 0 }, counts())
      end)
   end)

   describe("fail", function()
      it("brings the event again after the delay, and not before", function()
         put({ "a", "1" })
         local _, leases = take()
         assert.equal("retry", inbox:fail(leases[1], 5, "no luck"))
         assert.same({ 0, 0, 1, 0 }, counts())
         subject.advance(4)
         assert.same({}, (take()))
         subject.advance(2)
         local _, _, list = take()
         assert.equal("1", list[1].body)
         assert.equal(2, list[1].attempts)
      end)

      it("keeps those behind it waiting, and nobody else", function()
         put({ "a", "1" }, { "a", "2" }, { "b", "3" }, { "b", "4" })
         local _, leases = take()
         inbox:fail(leases[1], 5)
         inbox:done { leases[2] }
         assert.same({ "4" }, (take()))
         put({ "a", "5" }, { "c", "6" })
         assert.same({ "6" }, (take()))
         subject.advance(6)
         assert.same({ "1" }, (take()))
      end)

      it("waits longer each time where no delay is given: from one second to five minutes", function()
         put({ "a", "1" })
         for attempt = 1, 7 do
            local _, leases = take()
            assert.equal("retry", inbox:fail(leases[1]))
            subject.advance(0.99)
            assert.same({}, (take()))
            subject.advance(math.min(300, 2 ^ attempt))
         end
         assert.same({ "1" }, (take()))
      end)

      it("remembers the delay, the count and the order through a restart", function()
         put({ "a", "1" }, { "a", "2" }, { "b", "3" })
         local _, leases = take()
         inbox:fail(leases[1], 100)
         inbox = subject.reopen()
         assert.same({ "3" }, (take(100, 1000)))
         subject.advance(101)
         local _, _, list = take()
         assert.equal("1", list[1].body)
         assert.equal(2, list[1].attempts)
      end)

      it("makes a dead letter of one that has failed too often, and lets the next one go", function()
         open { attempts = 3 }
         put({ "a", "1", "m1" }, { "a", "2" })
         kill(3)
         assert.same({ 1, 0, 0, 1 }, counts())
         assert.same({ "2" }, (take()))
      end)

      it("counts eight attempts unless told otherwise", function()
         put({ "a", "1" })
         kill(8)
         assert.same({ 0, 0, 0, 1 }, counts())
      end)

      it("counts leases that were over as well", function()
         open { attempts = 2 }
         put({ "a", "1" })
         take(1, 10)
         subject.advance(11)
         take(1, 10)
         subject.advance(11)
         assert.same({ 0, 0, 0, 1 }, counts())
      end)
   end)

   describe("dead letters", function()
      before_each(function()
         open { attempts = 1 }
         for i = 1, 3 do
            put({ "a", "body " .. i, "m" .. i })
            kill(1)
         end
      end)

      it("are listed with what was put, when they died and why, page by page", function()
         local letters = assert(inbox:dead(0, 2))
         assert.equal(2, #letters)
         assert.equal("body 1", letters[1].body)
         assert.equal("m1", letters[1].id)
         assert.equal("a", letters[1].order_key)
         assert.equal(1, letters[1].attempts)
         assert.equal("attempt 1", letters[1].reason)
         assert.is_true(math.abs(letters[1].died_at - subject.host.now()) < 100)
         local rest = assert(inbox:dead(letters[2].number, 2))
         assert.equal(1, #rest)
         assert.equal("body 3", rest[1].body)
         assert.same({}, inbox:dead(rest[1].number))
      end)

      it("are still there after a restart, and nobody takes them", function()
         inbox = subject.reopen()
         assert.equal(3, #assert(inbox:dead()))
         assert.same({}, (take()))
         assert.same({ 0, 0, 0, 3 }, counts())
      end)

      it("are handled again when replayed, counted from the beginning", function()
         local letters = assert(inbox:dead())
         assert.is_true(inbox:replay(letters[2].number))
         local bodies, leases, list = take()
         assert.same({ "body 2" }, bodies)
         assert.equal(1, list[1].attempts)
         inbox:done(leases)
         assert.same({ 0, 0, 0, 2 }, counts())
      end)

      it("go behind what waits with their order_key when replayed", function()
         put({ "a", "4" })
         assert.is_true(inbox:replay(assert(inbox:dead())[1].number))
         local bodies, leases = take()
         assert.same({ "4" }, bodies)
         inbox:done(leases)
         assert.same({ "body 1" }, (take()))
      end)

      it("are gone when discarded, also after a restart", function()
         local letters = assert(inbox:dead())
         assert.is_true(inbox:discard(letters[2].number))
         assert.same({ 0, 0, 0, 2 }, counts())
         inbox = subject.reopen()
         local rest = assert(inbox:dead())
         assert.same({ "body 1", "body 3" }, { rest[1].body, rest[2].body })
         assert.same({}, (take()))
         assert.same({ 0, 0, 0, 2 }, counts())
      end)

      it("hold nobody up when discarded", function()
         put({ "a", "4" })
         for _, letter in ipairs(assert(inbox:dead())) do
            assert.is_true(inbox:discard(letter.number))
         end
         local bodies, leases = take()
         assert.same({ "4" }, bodies)
         inbox:done(leases)
         assert.same({ 0, 0, 0, 0 }, counts())
      end)

      it("cannot be replayed or discarded where there is none, nor where an event still waits", function()
         put({ "a", "4" })
         for _, number in ipairs { 999, 4 } do
            for _, verdict in ipairs { "replay", "discard" } do
               local ok, err = inbox[verdict](inbox, number)
               assert.is_nil(ok)
               assert.equal("store", err.kind)
            end
         end
         assert.same({ "4" }, (take()))
      end)
   end)

   describe("on_ready", function()
      local calls

      before_each(function()
         calls = 0
         inbox.on_ready = function() calls = calls + 1 end
      end)

      local function called()
         if subject.settle then
            subject.settle(function() return calls > 0 end)
         end
         local count = calls
         calls = 0
         return count > 0
      end

      it("is called when something was put", function()
         put({ "a", "1" })
         assert.is_true(called())
      end)

      it("is called when something behind a done one can be taken", function()
         put({ "a", "1" }, { "a", "2" })
         local _, leases = take()
         called()
         inbox:done(leases)
         assert.is_true(called())
      end)

      it("is called when a delay is over", function()
         put({ "a", "1" })
         local _, leases = take()
         inbox:fail(leases[1], 5)
         subject.advance(1)
         called()
         subject.advance(5)
         assert.is_true(called())
      end)

      it("is called when a lease is over", function()
         put({ "a", "1" })
         take(1, 5)
         called()
         subject.advance(6)
         assert.is_true(called())
      end)

      it("is not called when there is nothing to take", function()
         put({ "a", "1" })
         local _, leases = take()
         called()
         inbox:done(leases)
         subject.advance(30)
         assert.is_false(called())
      end)
   end)

   it("counts what it has, and says since when", function()
      assert.same({ 0, 0, 0, 0 }, counts())
      assert.is_nil(inbox:stats().oldest)
      assert(inbox:put { { body = "x", received_at = subject.host.now() - 50 } })
      subject.advance(10)
      assert.is_true(math.abs(inbox:stats().oldest - 60) < 0.01)
      take()
      assert.same({ 0, 1, 0, 0 }, counts())
   end)

   it("takes no more than it may hold, and has room again when something is done", function()
      open { max_events = 2 }
      put({ "a", "1" }, { "b", "2" })
      local stored, err = inbox:put { { body = "3" } }
      assert.is_nil(stored)
      assert.equal("store", err.kind)
      assert.equal("INBOX_FULL", err.code_name)
      local _, leases = take(1)
      inbox:done(leases)
      assert.same({ true }, inbox:put { { body = "3" } })
   end)

   it("answers every call after close with an error, and may be closed again", function()
      put({ "a", "1" })
      local _, leases = take()
      assert.is_true(inbox:close())
      assert.is_true(inbox:close())
      for _, call in ipairs {
         function() return inbox:put { { body = "x" } } end, function() return inbox:take("w", 1, 1) end,
         function() return inbox:done(leases) end, function() return inbox:fail(leases[1]) end,
         function() return inbox:extend(leases[1], 1) end, function() return inbox:dead() end,
         function() return inbox:replay(1) end, function() return inbox:discard(1) end,
      } do
         local value, err = call()
         assert.is_nil(value)
         assert.equal("closed", err.kind)
      end
   end)

   it("leaves no task behind when it is closed", function()
      put({ "a", "1" })
      local _, leases = take()
      inbox:fail(leases[1], 50)
      inbox:close()
      subject.host:advance(0)
      assert.equal(0, subject.host:count())
   end)

   it("is written on a host that stops", function()
      put({ "a", "1", "m1" }, { "a", "2" })
      local _, leases = take()
      subject.host:stop()
      inbox:done(leases)
      assert.same({ true }, put { "b", "3" })
      inbox = subject.reopen()
      assert.same({ "2", "3" }, (take()))
   end)
end
