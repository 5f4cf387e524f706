--- What a bot inside a real nginx lives through: slow answers of Divar's, workers that are killed, reloads.

local median = require("spec.bench.rounds").median
local nginx = require "spec.support.nginx"
local resty_nginx = require "spec.support.resty_nginx"
local wire = require "spec_wire"

local message = resty_nginx.message

local QUIT, HUP = 3, 1

describe("a bot inside nginx", function()
   if not nginx.is_installed() then
      pending "needs nginx and its Lua module"
      return
   end

   local server, divar

   after_each(function()
      server:stop()
      if divar then
         divar:stop()
         divar = nil
      end
   end)

   local function wait_until(happened, what)
      local deadline = wire.clock() + 20
      while not happened() do
         assert(wire.clock() < deadline, what .. "\n" .. server.nginx:log())
         wire.poll({}, 0.005)
      end
   end

   -- A connection to a worker.
   local function connect_to(pid)
      for i = 1, 1000 do
         local connection = server:connect()
         local _, worker = connection.post(message("hello " .. i .. " " .. pid))
         if worker == pid then
            return connection
         end
         connection.close()
      end
      error("no connection reached worker " .. pid)
   end

   it("holds up nobody: while Divar takes 2 s for one handler, 200 events of the same worker are answered", function()
      divar = nginx.start {
         server = [[ location / { content_by_lua_block { ngx.sleep(2) ngx.print '{"conversation_id":"c"}' } } ]],
      }
      server = resty_nginx.start { workers = 2, bot = ('base_url = "%s"'):format(divar.url) }
      local _, status, head = server:post(message("m1", "divar"))
      local began = wire.clock()
      assert.equal(200, status)
      local connection = connect_to(tonumber(head:match "X%-Worker: (%d+)"))
      local times = {}
      for i = 1, 200 do
         local asked = wire.clock()
         assert.equal(200, (connection.post(message("other " .. i))))
         times[i] = (wire.clock() - asked) * 1000
      end
      local took = wire.clock() - began
      for _, id in ipairs(server:told("done", 0)) do
         assert.are_not.equal("m1", id)
      end
      connection.close()
      wait_until(function()
         return (" " .. table.concat(server:told("done", 0), " ") .. " "):find(" m1 ", 1, true)
      end, "the slow one was not done")
      table.sort(times)
      io.stdout:write(("\n200 events beside a slow one: p50 %.2f ms, p99 %.2f ms, all in %.2f s\n")
         :format(times[100], times[198], took))
   end)

   -- Send events one after the other while `disturb(i)` happens; give the ids that were answered 200.
   local function send_all(count, disturb)
      local acknowledged = {}
      for i = 1, count do
         local id = "m" .. i
         local ok, _, status = pcall(server.post, server, message(id, "x", "c" .. i % 7))
         if ok and status == 200 then
            acknowledged[#acknowledged + 1] = id
         end
         disturb(i)
      end
      return acknowledged
   end

   local function assert_all_done(ids)
      local done = {}
      wait_until(function()
         for _, id in ipairs(server:told("done", 0)) do
            done[id] = true
         end
         for _, id in ipairs(ids) do
            if not done[id] then
               return false
            end
         end
         return true
      end, "an event was lost")
   end

   describe("that acknowledges early", function()
      it("loses no event when a worker is killed in the middle of a handler", function()
         server = resty_nginx.start { workers = 2, early = true }
         for i = 1, 3 do
            assert.equal(200, select(2, server:post(message("once " .. i, "once", "c"))))
         end
         local begun = server:told("begun", 1)
         assert.equal(1, #begun) -- the others stand behind it
         os.execute("kill -9 " .. begun[1]:match " (%d+)$")
         local ids = send_all(20, function() end)
         assert.is_true(#ids >= 19)
         assert_all_done(ids)
         -- What the dead one had is tried again, and then those behind it, in order: each is held by its first worker.
         for i = 1, 3 do
            wait_until(function()
               local last
               for _, entry in ipairs(server:told("begun", 0)) do
                  last = entry:match("^once " .. i .. " (%d+)$") or last
               end
               if last and i > 1 then
                  os.execute("kill -9 " .. last .. " 2>/dev/null")
               end
               return (table.concat(server:told("done", 0), "\n") .. "\n"):find("once " .. i .. "\n", 1, true)
            end, "the event of the killed worker did not come again")
         end
      end)

      it("loses none when all workers are killed at once while events come", function()
         server = resty_nginx.start { workers = 2, early = true }
         assert_all_done(send_all(200, function(i)
            if i == 60 or i == 120 then
               for _, pid in ipairs(server:workers()) do
                  os.execute("kill -9 " .. pid)
               end
            end
         end))
      end)

      it("loses none when nginx is reloaded while events come", function()
         server = resty_nginx.start { workers = 2, early = true }
         local ids = send_all(300, function(i)
            if i % 60 == 0 then
               server.nginx:signal(HUP)
            end
         end)
         assert.equal(300, #ids)
         assert_all_done(ids)
      end)

      it("works on what an earlier worker has left before a request comes", function()
         server = resty_nginx.start { early = true }
         server:post(message("m1", "hold"))
         server:told("begun", 1)
         os.execute("kill -9 " .. server:workers()[1])
         wait_until(function()
            return #server:told("begun", 0) > 1
         end, "nobody took it")
         server:release "m1"
         assert_all_done { "m1" }
      end)

      it("answers 503 when there is no room, and has lost nothing of what it answered 200", function()
         server = resty_nginx.start { early = true, http = "" }
         local text, ids, status, _ = ("x"):rep(200000), {}, nil, nil
         server:post(message("held", "hold", "c"))
         for i = 1, 100 do
            _, status = server:post(message("m" .. i, text, "c"))
            if status ~= 200 then
               break
            end
            ids[i] = "m" .. i
         end
         assert.equal(503, status)
         assert.is_true(#ids > 10)
         server:release "held"
         assert_all_done(ids)
         assert.equal(200, select(2, server:post(message "again")))
      end)

      it("handles an event once that comes twice", function()
         server = resty_nginx.start { workers = 2, early = true }
         for _ = 1, 5 do
            assert.equal(200, select(2, server:post(message "m1")))
         end
         server:post(message "m2")
         assert_all_done { "m1", "m2" }
         assert.equal(2, #server:told("done", 0))
      end)
   end)

   it("finishes what runs when nginx is told to quit", function()
      server = resty_nginx.start { early = true }
      server:post(message("m1", "hold"))
      server:told("begun", 1)
      local connection = server:connect()
      assert.equal(200, (connection.post(message "m2")))
      server:release "m1"
      server.nginx:signal(QUIT)
      assert.equal(0, server.nginx:wait())
      connection.close()
      assert.is_nil(server.nginx:log():find("[error]", 1, true))
   end)

   it("leaks nothing over 20 reloads", function()
      server = resty_nginx.start { workers = 1, early = true, bot = 'store = "shdict:zone"' }
      assert.equal(200, select(2, server:post(message "first")))
      local master = server.nginx.process:pid()

      local function files(pid)
         local pipe = io.popen("ls /proc/" .. pid .. "/fd | wc -l")
         local count = tonumber(pipe:read "*l")
         pipe:close()
         return count
      end

      local function memory(pid)
         local file = assert(io.open("/proc/" .. pid .. "/status"))
         local kib = file:read("*a"):match "\nVmRSS:%s*(%d+)"
         file:close()
         return tonumber(kib)
      end

      local fds, sizes = {}, {}
      for round = 1, 20 do
         local before = server:workers()[1]
         server.nginx:signal(HUP)
         wait_until(function()
            local pids = server:workers()
            return #pids == 1 and pids[1] ~= before
         end, "the old worker has not ended")
         for i = 1, 20 do
            assert.equal(200, select(2, server:post(message(("r%d %d"):format(round, i)))))
         end
         local worker = server:workers()[1]
         fds[round] = files(master) + files(worker)
         sizes[round] = memory(master) + memory(worker)
      end
      local function part(list, first, last)
         local values = {}
         for i = first, last do
            values[#values + 1] = list[i]
         end
         return median(values)
      end
      assert.is_true(part(fds, 16, 20) <= part(fds, 8, 12), table.concat(fds, " "))
      assert.is_true(part(sizes, 16, 20) <= 1.03 * part(sizes, 8, 12), table.concat(sizes, " "))
   end)
end)
