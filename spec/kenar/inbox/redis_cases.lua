--- What an inbox in Redis promises: defined in nginx's worker, where these run, and in the spec, which asks for them
--- (spec.support.cases).

local assert = require "luassert"
local contract = require "spec.support.inbox_contract"

---@param runner table what specs are defined with
---@param url? string of a Redis, in the worker
return function(runner, url)
   local describe, it, before_each, after_each = runner.describe, runner.it, runner.before_each, runner.after_each

   local function call(...)
      local connection = assert(require("kenar.db.redis").new(url:match "^redis:(.*)$"))
      local reply, err = connection:call(...)
      assert(not err, tostring(err))
      return reply
   end

   -- One partition: between those of several there is no order.
   local function subject_of(partitions, options)
      local time = require "spec.support.redis_time"
      call "flushall"
      local host = time.host(require("kenar.host.resty").new {})
      local subject = { host = host }

      -- What is due runs by itself.
      local function wait_until(happened, seconds)
         local deadline = ngx.now() + seconds
         while not happened() and ngx.now() < deadline do
            ngx.sleep(0.002)
         end
      end

      function host.advance()
         wait_until(function() return host:count() == 0 end, 5)
      end

      function subject.settle(happened, seconds)
         subject.inbox:stats()
         wait_until(happened, seconds or 0.1)
      end
      options.partitions, options.longest_lease = partitions, 1000

      local function open()
         local inbox, is_told = assert(require("kenar.inbox").open(url, host, options)), false
         -- It tells of what was left when it begins.
         inbox.on_ready = function() is_told = true end
         wait_until(function() return is_told or host.closing() end, options.power_cut and 0 or 5)
         inbox.on_ready, subject.inbox = nil, inbox
         return inbox
      end

      function subject.advance(seconds)
         host.pass(seconds)
         time.pass(call, seconds)
      end

      function subject.reopen()
         assert(subject.inbox:close())
         return open()
      end

      function subject.close()
         subject.inbox:close()
         host:stop()
         host:run()
      end

      open()
      return subject
   end

   describe("is an inbox:", function()
      contract(function(options)
         return subject_of(1, options)
      end, runner, true)
   end)

   describe("with several partitions", function()
      local subject, inbox

      before_each(function()
         subject = subject_of(8, {})
         inbox = subject.inbox
      end)

      after_each(function()
         subject.close()
      end)

      local function put(order_key, body)
         assert(inbox:put { { order_key = order_key, body = body } })
      end

      it("keeps each order_key in one of them, and its order", function()
         for round = 1, 3 do
            for i = 1, 20 do
               put("key " .. i, ("%d.%d"):format(i, round))
            end
         end
         local used = 0
         for partition = 0, 7 do
            used = used + (call("xlen", "kenar:{bot}:inbox:ready:" .. partition) > 0 and 1 or 0)
         end
         assert.is_true(used > 1)
         for round = 1, 3 do
            local list = assert(inbox:take("worker", 100, 60))
            assert.equal(20, #list)
            for _, entry in ipairs(list) do
               assert.equal(entry.order_key:match "%d+" .. "." .. round, entry.body)
               assert(inbox:done { entry.lease })
            end
         end
      end)

      it("takes no more than wanted, from all of them in the end", function()
         for i = 1, 50 do
            put("key " .. i, tostring(i))
         end
         for _ = 1, 50 do
            assert.equal(1, #assert(inbox:take("worker", 1, 60)))
         end
         assert.same({}, inbox:take("worker", 1, 60))
      end)

      it("takes nothing more where Redis has no memory, and all else goes on", function()
         put("a", "1")
         put("a", "2")
         put("b", "3")
         call("config", "set", "maxmemory", "1")
         local stored, err = inbox:put { { id = "m", body = "4" } }
         local list = assert(inbox:take("worker", 10, 60))
         local done, failed = inbox:done { list[1].lease }, inbox:fail(list[2].lease, 5)
         call("config", "set", "maxmemory", "0")
         assert.is_nil(stored)
         assert.equal("OOM", err.code_name)
         assert.equal(2, #list)
         assert.is_true(done)
         assert.equal("retry", failed)
         assert.same({ true }, inbox:put { { id = "m", body = "4" } })
         subject.advance(6)
         local bodies = {}
         for _, entry in ipairs(assert(inbox:take("worker", 10, 60))) do
            bodies[entry.body] = true
         end
         assert.is_true(bodies["4"])
         assert.is_true(bodies["2"] or bodies["1"])
      end)

      it("stores what many put at once, as many as there is room for, and tells each what became of its own", function()
         subject.close()
         subject = subject_of(8, { max_events = 50 })
         inbox = subject.inbox
         local tasks, kept, refused = {}, {}, 0
         for i = 1, 100 do
            tasks[i] = subject.host.spawn(function()
               return inbox:put { { id = "m" .. i, order_key = "key " .. i % 7, body = tostring(i) } }
            end)
         end
         for i, task in ipairs(tasks) do
            local ok, stored, err = task:wait(10)
            assert.is_true(ok)
            if stored then
               kept[tostring(i)] = true
            else
               assert.equal("INBOX_FULL", err.code_name)
               refused = refused + 1
            end
         end
         assert.equal(50, refused)
         for _ = 1, 50 do
            local list = assert(inbox:take("worker", 1, 60))
            assert.is_true(kept[list[1].body])
            kept[list[1].body] = nil
            assert(inbox:done { list[1].lease })
         end
         assert.same({}, kept)
      end)

      it("brings a delayed event within five minutes after Redis's clock was set back by a day", function()
         assert(inbox:put { { body = "x" } })
         assert.equal("retry", inbox:fail(assert(inbox:take("worker", 1, 60))[1].lease))
         local key = "kenar:{bot}:inbox:delayed"
         call("zincrby", key, 86400000, call("zrange", key, 0, -1)[1])
         subject.advance(2)
         assert.same({}, assert(inbox:take("worker", 1, 60)))
         subject.advance(301)
         assert.equal("x", (assert(inbox:take("worker", 1, 60))[1] or {}).body)
      end)

      it("leaves nothing in Redis but the ids that it knows and the dead letters", function()
         for i = 1, 10 do
            assert(inbox:put { { id = "m" .. i, order_key = "key " .. i % 3, body = "x" } })
         end
         for attempt = 1, 10 do
            for _, entry in ipairs(assert(inbox:take("worker", 100, 60))) do
               if attempt == 1 then
                  assert.equal("retry", inbox:fail(entry.lease, 5))
               else
                  assert(inbox:done { entry.lease })
               end
            end
            subject.advance(6)
         end
         local left = {}
         for _, key in ipairs(call("keys", "*")) do
            key = key:gsub("^kenar:{bot}:inbox:", "")
            if call("type", "kenar:{bot}:inbox:" .. key) == "stream" then
               assert.equal(0, call("xlen", "kenar:{bot}:inbox:" .. key))
            elseif key ~= "event" and key ~= "bell" then
               left[#left + 1] = key
            end
         end
         table.sort(left)
         local ids = { "id:m1", "id:m10", "id:m2", "id:m3", "id:m4", "id:m5", "id:m6", "id:m7", "id:m8", "id:m9" }
         assert.same(ids, left)
      end)
   end)

   describe("that is to outlive a power cut", function()
      after_each(function()
         call("config", "set", "appendonly", "yes", "appendfsync", "everysec")
      end)

      local function put()
         local subject = subject_of(8, { power_cut = true })
         local stored, err = subject.inbox:put { { body = "x" } }
         subject.close()
         return stored, err
      end

      it("takes nothing where Redis does not wait for the disk", function()
         for name, value in pairs { appendonly = "no", appendfsync = "everysec" } do
            call("config", "set", "appendonly", "yes", "appendfsync", "always")
            call("config", "set", name, value)
            local stored, err = put()
            assert.is_nil(stored)
            assert.equal("UNFIT_SERVER", err.code_name)
            assert.is_truthy(err.message:find(name, 1, true), err.message)
         end
      end)

      it("takes what Redis has on the disk", function()
         call("config", "set", "appendonly", "yes", "appendfsync", "always")
         assert.same({ true }, (put()))
      end)
   end)

   describe("opened twice,", function()
      local subject, here, there

      before_each(function()
         subject = subject_of(8, {})
         here, there = subject.inbox, assert(require("kenar.inbox").open(url, subject.host, { longest_lease = 1000 }))
      end)

      after_each(function()
         there:close()
         subject.close()
      end)

      it("gives an event to one of the two, and none with its order_key to the other", function()
         assert(here:put { { order_key = "a", body = "1" }, { order_key = "a", body = "2" } })
         local list = assert(here:take("here", 10, 60))
         assert.equal(1, #list)
         assert.same({}, there:take("there", 10, 60))
         assert(here:done { list[1].lease })
         assert.equal("2", there:take("there", 10, 60)[1].body)
      end)

      it("tells one of the two when the other one puts or is done", function()
         local got = {}
         local function listen(inbox)
            inbox.on_ready = function()
               for _, entry in ipairs(assert(inbox:take("worker", 10, 60))) do
                  got[#got + 1] = entry.body
                  subject.host.sleep(0.01)
                  assert(inbox:done { entry.lease })
               end
            end
         end
         listen(here)
         listen(there)
         for i = 1, 10 do
            assert((i % 2 == 0 and here or there):put { { order_key = "a", body = tostring(i) } })
         end
         subject.settle(function() return #got == 10 end, 5)
         assert.same({ "1", "2", "3", "4", "5", "6", "7", "8", "9", "10" }, got)
      end)

      it("gives back what one has not handled when that one is closed", function()
         assert(here:put { { order_key = "a", body = "1" } })
         assert(here:take("here", 10, 60))
         assert(here:close())
         local list = assert(there:take("there", 10, 60))
         assert.equal("1", list[1].body)
         assert.equal(1, list[1].attempts)
      end)

      it("keeps the events of bots with other names apart", function()
         local other = assert(require("kenar.inbox").open(url, subject.host, { name = "other" }))
         assert(here:put { { id = "m1", body = "1" } })
         assert.same({}, other:take("other", 10, 60))
         assert.same({ true }, other:put { { id = "m1", body = "1" } })
         other:close()
      end)
   end)
end
