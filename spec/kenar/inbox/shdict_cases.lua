--- What an inbox in an nginx shared dict promises: defined in nginx's worker, where these run, and in the spec, which
--- asks for them (spec.support.cases).

local assert = require "luassert"
local contract = require "spec.support.inbox_contract"

---@param runner table what specs are defined with
return function(runner)
   local describe, it, before_each, after_each = runner.describe, runner.it, runner.before_each, runner.after_each

   local function subject_of(options, zone)
      local dict = ngx.shared[zone or "zone"]
      dict:flush_all()
      dict:flush_expired()
      local host = require("kenar.host.virtual").new()
      local subject = { host = host, dict = dict }

      function subject.open()
         return assert(require("kenar.inbox").open("shdict:" .. (zone or "zone"), host, options))
      end

      function subject.advance(seconds)
         host:advance(seconds)
      end

      function subject.reopen()
         assert(subject.inbox:close())
         subject.inbox = subject.open()
         return subject.inbox
      end

      function subject.close()
         subject.inbox:close()
         host:stop()
         host:run()
      end

      subject.inbox = subject.open()
      return subject
   end

   describe("is an inbox:", function()
      contract(subject_of, runner)
   end)

   describe("of two workers", function()
      local subject, first, second

      before_each(function()
         subject = subject_of {}
         first, second = subject.inbox, subject.open()
      end)

      after_each(function()
         second:close()
         subject.close()
      end)

      local function put(inbox, ...)
         for _, row in ipairs { ... } do
            assert(inbox:put { { order_key = row[1], body = row[2], id = row[3] } })
         end
      end

      local function take(inbox, seconds)
         local bodies, leases = {}, {}
         for i, entry in ipairs(assert(inbox:take("worker", 100, seconds or 60))) do
            bodies[i], leases[i] = entry.body, entry.lease
         end
         return bodies, leases
      end

      it("gives an event to one of them, and tells the other of it within a second", function()
         local ready = 0
         second.on_ready = function() ready = ready + 1 end
         put(first, { "a", "1" }, { "b", "2" })
         local list = assert(first:take("worker", 1, 60))
         assert.equal("1", list[1].body)
         subject.advance(1.1)
         assert.is_true(ready > 0)
         assert.same({ "2" }, (take(second)))
         assert.same({}, (take(first)))
      end)

      it("keeps the order of a conversation, whoever handles it", function()
         put(first, { "a", "1" }, { "a", "2" })
         put(second, { "a", "3" })
         local bodies, leases = take(first)
         assert.same({ "1" }, bodies)
         assert.same({}, (take(second)))
         first:done(leases)
         subject.advance(1.1)
         bodies, leases = take(second)
         assert.same({ "2" }, bodies)
         second:fail(leases[1], 5)
         subject.advance(1.1)
         assert.same({}, (take(first)))
         subject.advance(5)
         assert.same({ "2" }, (take(first)))
      end)

      it("knows the ids of both", function()
         put(first, { "a", "1", "m1" })
         assert.same({ "duplicate" }, second:put { { order_key = "a", body = "1", id = "m1" } })
      end)

      it("gives what a dead one had to the other one when the lease is over", function()
         put(first, { "a", "1" }, { "a", "2" })
         take(first, 10)
         first._keeper:stop() -- and is never heard of again
         subject.advance(9)
         assert.same({}, (take(second)))
         subject.advance(2)
         local list = assert(second:take("worker", 10, 60))
         assert.equal(1, #list)
         assert.equal("1", list[1].body)
         assert.equal(2, list[1].attempts)
      end)

      it("does not let one finish what is the other's now", function()
         put(first, { "a", "1" })
         local _, leases = take(first, 10)
         subject.advance(10.5)
         assert.same({ "1" }, (take(second)))
         assert.is_true(first:done(leases))
         assert.equal(1, second:stats().running)
      end)
   end)

   describe("without room", function()
      local subject, inbox

      before_each(function()
         subject = subject_of({}, "small")
         inbox = subject.inbox
      end)

      after_each(function()
         subject.close()
      end)

      local function fill()
         for count = 0, 10000 do
            local ok, err = inbox:put { { body = ("x"):rep(1000), id = "id " .. count, order_key = "k" .. count } }
            if not ok then
               return count, err
            end
         end
      end

      it("refuses what is new, and keeps all that it has", function()
         local count, err = fill()
         assert.equal("store", err.kind)
         assert.equal("NO_MEMORY", err.code_name)
         assert.equal(count, inbox:stats().pending)
         assert.equal(count, #inbox:take("worker", 10000, 60))
      end)

      it("stores all of a list or nothing of it", function()
         assert(inbox:put { { body = "first", order_key = "a", id = "m1" } })
         local list = {}
         for i = 1, 1000 do
            list[i] = { body = ("x"):rep(1000), id = "many " .. i }
         end
         assert.is_nil((inbox:put(list)))
         assert.equal(1, inbox:stats().pending)
         assert.same({ true }, inbox:put { { body = "x", id = "many 1" } })
      end)

      it("forgets the oldest ids for what is new", function()
         for i = 1, 2000 do
            assert(inbox:put { { body = ("x"):rep(500), order_key = "a", id = ("id %d"):format(i) } })
            inbox:done { assert(inbox:take("worker", 1, 60))[1].lease }
         end
         assert.same({ "duplicate" }, inbox:put { { body = "x", id = "id 2000" } })
         assert.same({ true }, inbox:put { { body = "x", id = "id 1" } })
      end)
   end)

   it("does not take an id for known whose event was not stored, for its worker was killed", function()
      local subject = subject_of {}
      subject.dict:safe_set("i" .. "m1", 1)
      subject.dict:safe_set("e1", "half")
      assert.same({ true }, subject.inbox:put { { body = "x", id = "m1" } })
      assert.equal("x", assert(subject.inbox:take("worker", 1, 60))[1].body)
      subject.close()
   end)
end
