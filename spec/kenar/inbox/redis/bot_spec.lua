--- A bot in a real nginx with its events in a real Redis: what is acknowledged is handled, whatever dies.

local json = require "kenar.json"
local redis = require "spec.support.redis"
local redis_nginx = require "spec.support.redis_nginx"
local redis_time = require "spec.support.redis_time"
local wire = require "spec_wire"

local HUP, KILL = 1, 9

describe("a bot with its events in Redis", function()
   if not redis_nginx.is_installed() then
      pending "needs nginx with its Lua module, lua-resty-redis and Redis"
      return
   end

   local database, server

   local function start(options)
      database = redis.start { appendonly = "yes", appendfsync = "always" }
      server = redis_nginx.serve_bot(database.url, options or "")
   end

   after_each(function()
      server:stop()
      database:stop()
   end)

   local function connect_and_send(conversation, id, text)
      local body = assert(json.encode {
         type = "NEW_CHATBOT_MESSAGE",
         new_chatbot_message = {
            id = id, conversation = { id = conversation, type = "BOT" }, sender = { type = "HUMAN" }, type = "TEXT",
            text = text,
         },
      })
      local socket = assert(wire.connect(server.port))
      assert(socket:send(("POST /kenar/events HTTP/1.0\r\nAuthorization: k\r\nContent-Length: %d\r\n\r\n%s"):format(
         #body, body)))
      return socket
   end

   local function status_of(socket)
      local received = ""
      repeat
         local bytes = socket:receive(65536, 20)
         received = received .. (bytes or "")
      until not bytes
      socket:close()
      return tonumber(received:match "^HTTP/1%.%d (%d+)")
   end

   -- Post events, all at once, and call `meanwhile` before anything of the answers is read. The statuses.
   local function post(events, meanwhile)
      local sockets, statuses = {}, {}
      for i, event in ipairs(events) do
         sockets[i] = connect_and_send(event[1], event[2], event[3] or "سلام")
      end
      if meanwhile then
         meanwhile()
      end
      for i, socket in ipairs(sockets) do
         statuses[i] = status_of(socket)
      end
      return statuses
   end

   local function wait_until(happened, what)
      local deadline = wire.clock() + 20
      while not happened() do
         assert(wire.clock() < deadline, ("waited for %s in vain:\n%s"):format(what, server:log()))
         wire.poll({}, 0.01)
      end
   end

   local function pass(seconds)
      redis_time.pass(function(...) return database:call(...) end, seconds)
   end

   -- What was handled, in its order: by conversation the ids; and the workers' pids.
   local function handled()
      local ids, pids, count = {}, {}, 0
      for _, line in ipairs(database:call("lrange", "handled", 0, -1)) do
         local conversation, id, pid = line:match "^(%S+) (%S+) (%d+)$"
         ids[conversation] = ids[conversation] or {}
         table.insert(ids[conversation], id)
         pids[pid], count = true, count + 1
      end
      return ids, pids, count
   end

   local function wait_for_handled(count)
      wait_until(function()
         return database:call("llen", "handled") >= count
      end, count .. " handled events")
   end

   local function wait_until_empty()
      wait_until(function()
         return database:call("zcard", "kenar:{bot}:inbox:received") == 0
      end, "the inbox to be empty")
   end

   local function count(statuses, wanted)
      local found = 0
      for _, status in ipairs(statuses) do
         found = found + (status == wanted and 1 or 0)
      end
      return found
   end

   it("handles each conversation's events in their order, in two workers", function()
      start()
      local expected = {}
      for round = 1, 20 do
         local events = {}
         for conversation = 1, 10 do
            local name, id = "c" .. conversation, ("m%d.%d"):format(conversation, round)
            events[conversation] = { name, id, round == 3 and conversation == 2 and "slow 0.3" or nil }
            expected[name] = expected[name] or {}
            expected[name][round] = id
         end
         assert.equal(10, count(post(events), 200))
      end
      wait_for_handled(200)
      local ids, pids = handled()
      assert.same(expected, ids)
      assert.is_truthy(next(pids, (next(pids))), "one worker did it all")
      wait_until_empty()
   end)

   it("handles an event once that Divar sends twice, to whichever worker", function()
      start()
      for _ = 1, 5 do
         local statuses = post { { "c1", "m1" }, { "c1", "m1" }, { "c1", "m1" }, { "c2", "m2" } }
         assert.equal(4, count(statuses, 200))
      end
      wait_until_empty()
      assert.same({ c1 = { "m1" }, c2 = { "m2" } }, (handled()))
   end)

   it("handles what a worker had out that was killed, when the lease is over, before what came behind it", function()
      start()
      assert.equal(1, count(post { { "c1", "m1", "die" } }, 200))
      local died = assert(database:call("blpop", "died", 10))
      -- Its connections are gone with it, and no new one is given to it.
      wait_until(function()
         local status = io.open(("/proc/%s/status"):format(died[2]))
         return not status or status:close() and false
      end, "the worker to be gone")
      assert.equal(3, count(post { { "c1", "m2" }, { "c2", "m3" }, { "c3", "m4" } }, 200))
      wait_for_handled(2)
      assert.is_nil((handled()).c1)
      pass(61)
      wait_for_handled(4)
      local ids = handled()
      assert.same({ "m1", "m2" }, ids.c1)
      wait_until_empty()
   end)

   it("loses no acknowledged event when Redis is killed and started again under load", function()
      start "attempts = 100"
      local acknowledged, refused = {}, 0
      for round = 1, 30 do
         local events = {}
         for i = 1, 20 do
            events[i] = { "c" .. i, ("m%d.%d"):format(i, round) }
         end
         local statuses = post(events, function()
            if round == 10 then
               database:halt(KILL)
            elseif round == 13 then
               database:start()
            end
         end)
         for i, status in ipairs(statuses) do
            if status == 200 then
               acknowledged[#acknowledged + 1] = events[i]
            else
               assert.equal(503, status)
               refused = refused + 1
            end
         end
      end
      assert.is_true(refused >= 40, "Redis was not down")
      assert.is_true(#acknowledged >= 400)
      -- What was being handled is out until its lease is over, or comes again after a delay.
      wait_until(function()
         pass(61)
         return database:call("zcard", "kenar:{bot}:inbox:received") == 0
      end, "the inbox to be empty")
      local seen = {}
      for _, ids in pairs((handled())) do
         for _, id in ipairs(ids) do
            seen[id] = true
         end
      end
      for _, event in ipairs(acknowledged) do
         assert.is_true(seen[event[2]], event[2] .. " was acknowledged and not handled")
      end
   end)

   it("loses no event when nginx is reloaded under load, and handles each once", function()
      start()
      local sent = 0
      for round = 1, 30 do
         local events = {}
         for i = 1, 20 do
            events[i] = { "c" .. i, ("m%d.%d"):format(i, round), round % 10 == 5 and i == 1 and "slow 0.2" or nil }
         end
         local statuses = post(events, function()
            if round % 10 == 6 then
               server:signal(HUP)
            end
         end)
         sent = sent + count(statuses, 200)
      end
      assert.equal(600, sent)
      wait_for_handled(600)
      wait_until_empty()
      local ids, pids, total = handled()
      assert.equal(600, total)
      for i = 1, 20 do
         for round = 1, 30 do
            assert.equal(("m%d.%d"):format(i, round), ids["c" .. i][round])
         end
      end
      local workers = 0
      for _ in pairs(pids) do
         workers = workers + 1
      end
      assert.is_true(workers > 2, "was not reloaded")
   end)

   it("answers 503 and acknowledges nothing while Redis is down", function()
      start()
      assert.equal(1, count(post { { "c1", "m1" } }, 200))
      wait_until_empty()
      database:halt(KILL)
      assert.equal(3, count(post { { "c1", "m2" }, { "c1", "m3" }, { "c2", "m4" } }, 503))
      database:start()
      assert.equal(1, count(post { { "c1", "m3" } }, 200))
      wait_for_handled(2)
      assert.same({ c1 = { "m1", "m3" } }, (handled()))
   end)

   it("answers 503 and acknowledges nothing while as many events wait as may", function()
      start "max_events = 4"
      assert.equal(4, count(post { { "c1", "m1", "slow 1" }, { "c2", "m2", "slow 1" }, { "c3", "m3", "slow 1" },
         { "c4", "m4", "slow 1" } }, 200))
      assert.equal(2, count(post { { "c1", "m5" }, { "c5", "m6" } }, 503))
      wait_until_empty()
      assert.equal(1, count(post { { "c5", "m6" } }, 200))
      wait_for_handled(5)
      local ids = handled()
      assert.same({ "m1" }, ids.c1)
      assert.same({ "m6" }, ids.c5)
   end)

   it("answers 503 and acknowledges nothing while Redis has no memory", function()
      start()
      assert.equal(1, count(post { { "c1", "m1" } }, 200))
      wait_until_empty()
      database:call("config", "set", "maxmemory", "1")
      assert.equal(2, count(post { { "c1", "m2" }, { "c2", "m3" } }, 503))
      database:call("config", "set", "maxmemory", "0")
      assert.equal(1, count(post { { "c2", "m3" } }, 200))
      wait_for_handled(2)
      assert.same({ c1 = { "m1" }, c2 = { "m3" } }, (handled()))
   end)

   it("parks the conversation of an event that fails, and no other; lists what is dead, and has it replayed", function()
      start()
      assert.equal(2, count(post { { "c1", "m1", "fail" } }, 200) + count(post { { "c1", "m2" } }, 200))
      assert.equal(3, count(post { { "c2", "m3" }, { "c3", "m4" }, { "c4", "m5" } }, 200))
      wait_for_handled(3)
      assert.is_nil((handled()).c1)
      wait_until(function()
         -- Not while it is being handled, or about to be: its lease would be over.
         local due = database:call("zrange", "kenar:{bot}:inbox:delayed", 0, 0, "withscores")[2]
         if due and tonumber(due) > (os.time() - 100) * 1000 then
            pass(301)
         end
         return server:ask "/dead" ~= ""
      end, "a dead letter")
      local number, rest = (server:ask "/dead"):match "^(%d+) (.*)$"
      assert.matches("^c1 3 .*this always fails", rest)
      wait_for_handled(4)
      assert.same({ "m2" }, (handled()).c1)
      database:call("set", "mended", "1")
      assert.equal("true", (server:ask("/replay", number)))
      wait_for_handled(5)
      assert.same({ "m2", "m1" }, (handled()).c1)
      assert.equal("", (server:ask "/dead"))
   end)
end)
