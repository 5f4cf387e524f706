local contract = require "spec.support.inbox_contract"
local inboxes = require "kenar.inbox"
local loops = require "kenar.host.loop"
local scratch = require "spec.support.scratch"
local sqlite = require "kenar.sqlite"
local virtual = require "kenar.host.virtual"

describe("kenar.inbox.sqlite", function()
   contract(function(options)
      local folder = scratch.new()
      local subject = { host = virtual.new() }
      local url = "sqlite:" .. folder:file "inbox.db"
      subject.inbox = assert(inboxes.open(url, subject.host, options))

      function subject.advance(seconds)
         subject.host:advance(seconds)
      end

      function subject.reopen()
         assert(subject.inbox:close())
         subject.inbox = assert(inboxes.open(url, subject.host, options))
         return subject.inbox
      end

      function subject.close()
         subject.inbox:close()
         folder:remove()
      end

      return subject
   end)

   local folder, path, host, inbox

   local function open(options)
      return inboxes.open("sqlite:" .. path, host, options)
   end

   before_each(function()
      folder = scratch.new()
      path = folder:file "inbox.db"
      host = virtual.new()
      inbox = assert(open())
   end)

   after_each(function()
      inbox:close()
      folder:remove()
   end)

   -- The one value of a query by another connection.
   local function query(sql)
      local db = assert(sqlite.open(path, { read_only = true }))
      local statement = assert(db:prepare(sql))
      assert.equal("row", statement:step())
      local value = statement:values()
      db:close()
      return value
   end

   local function count_events()
      return query "SELECT count(*) FROM inbox_events"
   end

   local function take(n)
      return assert(inbox:take("worker", n or 100, 60))
   end

   local function bodies(list)
      local result = {}
      for i, entry in ipairs(list) do
         result[i] = entry.body
      end
      return result
   end

   it("has an event on the disk when put returns", function()
      assert(inbox:put { { body = "x" } })
      assert.equal(1, count_events())
   end)

   it("writes all that one turn puts and what the last one did in one transaction", function()
      assert(inbox:put { { order_key = "a", body = "1", id = "m1" } })
      local list = take()
      local watcher = assert(sqlite.open(path, { read_only = true }))
      local version = assert(watcher:prepare "PRAGMA data_version")
      local function read_version()
         version:reset()
         version:step()
         return (version:values())
      end
      local before = read_version()
      local stored = 0
      inbox:done { list[1].lease }
      for i = 1, 20 do
         host.spawn(function()
            assert(inbox:put { { body = tostring(i) } })
            stored = stored + 1
         end)
      end
      host:advance(0)
      assert.equal(20, stored)
      assert.equal(before + 1, read_version())
      version:reset()
      watcher:close()
      assert.equal(20, count_events())
      assert.equal(1, query "SELECT count(*) FROM inbox_handled")
   end)

   it("writes what was done though nothing new comes", function()
      assert(inbox:put { { body = "x" } })
      inbox:done { take()[1].lease }
      host:advance(0)
      assert.equal(0, count_events())
   end)

   it("leaves no byte of a handled event in its files after some seconds of quiet", function()
      local secret = "what the customer wrote"
      for i = 1, 100 do
         assert(inbox:put { { body = (" "):rep(i % 10 == 0 and 20000 or 500) .. secret, id = "m" .. i } })
      end
      -- Once on the disk, in the pages of the file itself.
      host:advance(11)
      assert.truthy(folder:read "inbox.db":find(secret, 1, true))
      for _, entry in ipairs(take()) do
         inbox:done { entry.lease }
      end
      host:advance(11)
      for _, name in ipairs { "inbox.db", "inbox.db-wal" } do
         assert.is_nil(folder:read(name):find(secret, 1, true), name)
      end
   end)

   it("leaves none a minute after somebody has read its file meanwhile", function()
      assert(inbox:put { { body = "what the customer wrote" } })
      local db = assert(sqlite.open(path, { read_only = true }))
      assert(db:exec "BEGIN")
      local statement = assert(db:prepare "SELECT count(*) FROM inbox_events")
      assert.equal("row", statement:step())
      statement:reset()
      inbox:done { take()[1].lease }
      host:advance(11)
      assert.truthy(folder:read "inbox.db-wal":find("what the customer wrote", 1, true))
      db:close()
      host:advance(61)
      for _, name in ipairs { "inbox.db", "inbox.db-wal" } do
         assert.is_nil(folder:read(name):find("what the customer wrote", 1, true), name)
      end
   end)

   it("does not write the key that came with an event", function()
      assert(inbox:put { { body = "x", headers = { authorization = "the-key", ["api-version"] = "2" } } })
      assert.equal('{"api-version":"2"}', query "SELECT headers FROM inbox_events")
   end)

   it("keeps ten thousand bodies in memory, the rest on the disk, and the order of all", function()
      local COUNT, KEYS = 12000, 300
      local list = {}
      for i = 1, COUNT do
         list[i] = { order_key = "key " .. i % KEYS, body = tostring(i), event = { i } }
      end
      assert(inbox:put(list))
      local last, taken, with_event = {}, 0, 0
      while true do
         local entries = take(1000)
         if not entries[1] then
            break
         end
         local leases = {}
         for i, entry in ipairs(entries) do
            local number = tonumber(entry.body)
            assert.is_true(number > (last[entry.order_key] or 0))
            last[entry.order_key], leases[i] = number, entry.lease
            taken = taken + 1
            with_event = with_event + (entry.event and 1 or 0)
         end
         inbox:done(leases)
      end
      assert.equal(COUNT, taken)
      assert.equal(10000, with_event)
      host:advance(0)
      assert.equal(0, count_events())
   end)

   it("lets the others go on behind ten thousand that wait for one which failed", function()
      local list = {}
      for i = 1, 11000 do
         list[i] = { order_key = "stuck", body = tostring(i) }
      end
      assert(inbox:put(list))
      assert.equal("retry", inbox:fail(take()[1].lease, 3000))
      assert(inbox:put { { order_key = "other", body = "goes on" } })
      assert.same({ "goes on" }, bodies(take()))
   end)

   it("takes new events beside dead letters that an earlier process has left", function()
      inbox:close()
      inbox = assert(open { attempts = 1 })
      assert(inbox:put { { body = "1" }, { body = "2" }, { body = "3" } })
      local taken = assert(inbox:take("worker", 3, 60))
      inbox:done { taken[1].lease, taken[2].lease }
      assert.equal("dead", inbox:fail(taken[3].lease, nil, "no luck"))
      inbox:close()
      inbox = assert(open())
      for number = 1, 4 do
         assert.same({ true }, (assert(inbox:put { { body = "new " .. number } })))
      end
      local stats = inbox:stats()
      assert.same({ 4, 1 }, { stats.pending, stats.dead })
   end)

   it("writes the attempt down before an event runs that an earlier process has left", function()
      assert(inbox:put { { body = "x" } })
      for attempt = 1, 8 do
         inbox:close()
         inbox = assert(open())
         assert.equal(attempt, take()[1].attempts)
         assert.equal(attempt, query "SELECT attempts FROM inbox_events")
      end
      inbox:close()
      inbox = assert(open())
      assert.same({}, take())
      assert.equal("the process ended each time while it was handled", assert(inbox:dead())[1].reason)
   end)

   it("goes on with what comes after an event that has ended the process each time", function()
      assert(inbox:put { { order_key = "a", body = "1" }, { order_key = "a", body = "2" } })
      inbox:close()
      inbox = assert(open { attempts = 1 })
      assert.same({ "1" }, bodies(take()))
      inbox:close()
      inbox = assert(open { attempts = 1 })
      assert.same({ "2" }, bodies(take()))
   end)

   describe("when the wall clock jumps", function()
      local epoch

      before_each(function()
         epoch = host.now
         local offset = 0
         host.now = function() return epoch() + offset end
         host.jump = function(seconds) offset = offset + seconds end
      end)

      it("keeps delays by the clock that does not", function()
         for _, seconds in ipairs { 1e8, -2e8 } do
            assert(inbox:put { { body = "x" } })
            inbox:fail(take()[1].lease, 10)
            host.jump(seconds)
            host:advance(9)
            assert.same({}, take())
            host:advance(2)
            inbox:done { take()[1].lease }
         end
      end)

      it("brings an event after five minutes at most, when the process begins in the past", function()
         for _, seconds in ipairs { -1000, -86400, -1e8 } do
            assert(inbox:put { { body = "x", order_key = "a" }, { body = "y", order_key = "a" } })
            inbox:fail(take()[1].lease)
            inbox:close()
            host.jump(seconds)
            inbox = assert(open())
            host:advance(301)
            assert.same({ "x" }, bodies(take()))
            inbox:close()
            inbox = assert(open())
            for _ = 1, 2 do
               inbox:done { take()[1].lease }
            end
         end
      end)

      it("still knows handled events, and never says that the oldest comes from the future", function()
         local now = host.now()
         assert(inbox:put { { body = "x", id = "m1", received_at = now }, { body = "y", received_at = now } })
         inbox:done { take()[1].lease }
         host.jump(-1e8)
         assert.equal(0, inbox:stats().oldest)
         inbox:close()
         inbox = assert(open())
         assert.same({ "duplicate" }, inbox:put { { body = "x", id = "m1" } })
      end)
   end)

   it("works on the real loop, for many at once", function()
      inbox:close()
      host = loops.new {}
      inbox = assert(open())
      local handled, order = 0, {}
      inbox.on_ready = function()
         for _, entry in ipairs(take(8)) do
            host.spawn(function()
               host.sleep(0)
               order[entry.order_key] = order[entry.order_key] or {}
               table.insert(order[entry.order_key], entry.body)
               handled = handled + 1
               inbox:done { entry.lease }
            end)
         end
      end
      for i = 1, 100 do
         host.spawn(function()
            assert(inbox:put { { order_key = "key " .. i % 10, body = ("%03d"):format(i), id = "m" .. i } })
         end)
      end
      host:run(function() return handled == 100 end)
      for _, list in pairs(order) do
         local sorted = { (table.unpack or unpack)(list) }
         table.sort(sorted)
         assert.same(sorted, list)
      end
      inbox:close()
      host:run()
      assert.equal(0, host:count())
   end)

   it("may share its file with a store", function()
      local store = assert(require("kenar.store").open("sqlite:" .. path, host))
      assert(store:set("key", "value"))
      assert(inbox:put { { body = "x" } })
      assert.equal("value", store:get "key")
      assert.same({ "x" }, bodies(take()))
      store:close()
   end)

   it("shows no more than its path when printed", function()
      assert.equal("kenar.inbox.sqlite: " .. path, tostring(inbox))
   end)
end)
