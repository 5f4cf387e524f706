--- The pool itself: its queue, its connections, and what becomes of both.

local curl = require "kenar.curl"
local fault_server = require "spec.support.fault_server"
local transfers = require "spec.support.transfers"
local wire = require "spec_wire"

describe("a pool", function()
   local server

   before_each(function()
      server = fault_server.start()
   end)

   after_each(function()
      server:stop()
   end)

   local function get(path)
      return { url = server.url .. path }
   end

   it("keeps its connection for the next request", function()
      local pool = curl.pool()
      for _ = 1, 5 do
         assert.equal(200, transfers.run(pool, get "/answer").status)
      end
      assert.equal(1, server:report().accepted)
      pool:close()
   end)

   it("sends at most max_transfers at a time, and the rest in the order it came", function()
      local pool = curl.pool { max_transfers = 1 }
      for i = 1, 20 do
         assert(pool:add(get("/answer?" .. i)))
      end
      pool:step(0)
      assert.same({ 1, 19 }, { pool:count() })
      for _ = 1, 20 do
         transfers.next(pool)
      end
      for i, request in ipairs(server:requests()) do
         assert.equal("/answer?" .. i, request.target)
      end
      assert.same({ 0, 0 }, { pool:count() })
      pool:close()
   end)

   it("lets transfers overtake each other within that limit", function()
      local pool = curl.pool { max_transfers = 2 }
      local silent = assert(pool:add(get "/silent"))
      local quick = assert(pool:add(get "/answer"))
      assert.equal(quick, transfers.next(pool).id)
      assert.is_true(pool:cancel(silent))
      pool:close()
   end)

   it("counts the time of a transfer from its start, not while it waits in line", function()
      local pool = curl.pool { max_transfers = 1 }
      assert(pool:add { url = server.url .. "/silent", timeout = 0.3 })
      local second = assert(pool:add { url = server.url .. "/answer", timeout = 0.2 })
      assert.equal("timeout", transfers.next(pool).kind)
      local ended = transfers.next(pool)
      assert.equal(second, ended.id)
      assert.equal(200, ended.status)
      pool:close()
   end)

   it("carries 500 connections at once", function()
      server:stop()
      local arrived = 0
      server = fault_server.start {
         ["/together"] = function(connection)
            arrived = arrived + 1
            while arrived < 500 do
               connection:pause(0.02)
            end
            connection:answer(200, nil, "all here")
         end,
      }
      local before = wire.count_fds()
      local pool = curl.pool { max_transfers = 500 }
      for _ = 1, 500 do
         assert(pool:add(get "/together"))
      end
      for _ = 1, 500 do
         assert.equal("all here", transfers.next(pool).body)
      end
      assert.equal(500, server:report().accepted)
      pool:close()
      assert.equal(before, wire.count_fds())
   end)

   it("does not report what was cancelled, queued or under way", function()
      local pool = curl.pool { max_transfers = 1 }
      local active, queued = assert(pool:add(get "/silent")), assert(pool:add(get "/answer?queued"))
      local last = assert(pool:add(get "/answer?last"))
      pool:step(0)
      assert.is_true(pool:cancel(active))
      assert.is_true(pool:cancel(queued))
      assert.is_false(pool:cancel(queued))
      assert.equal(last, transfers.next(pool).id)
      assert.is_nil(pool:completed())
      assert.same({}, (function()
         local found = {}
         for _, request in ipairs(server:requests "/answer") do
            if request.target == "/answer?queued" then
               found[#found + 1] = request
            end
         end
         return found
      end)())
      pool:close()
   end)

   it("never gives out an id twice", function()
      local pool = curl.pool()
      local seen = {}
      for _ = 1, 50 do
         local id = assert(pool:add(get "/answer"))
         assert.is_nil(seen[id])
         seen[id] = true
         pool:cancel(id)
      end
      assert.is_false(pool:cancel(0))
      assert.is_false(pool:cancel(-1))
      assert.is_nil(pool:progress(2 ^ 60))
      pool:close()
   end)

   it("wakes from a step for a descriptor of somebody else", function()
      local pool = curl.pool()
      local listener = assert(wire.listen())
      local client = assert(wire.connect(listener:port()))
      local began = wire.clock()
      pool:step(10, listener:fd())
      assert.is_true(wire.clock() - began < 5)
      client:close()
      listener:close()
      pool:close()
   end)

   it("does not sleep over an outcome that was not collected", function()
      local pool = curl.pool()
      assert(pool:add { url = "http://127.0.0.1:" .. wire.free_port() .. "/" })
      repeat
         pool:step(1)
      until pool:count() == 0
      local began = wire.clock()
      pool:step(10)
      assert.is_true(wire.clock() - began < 5)
      assert.equal("network", transfers.next(pool).kind)
      pool:close()
   end)

   it("closes connections that nobody used for a while", function()
      local pool = curl.pool { idle = 0.1 }
      assert.equal(200, transfers.run(pool, get "/answer").status)
      local deadline = wire.clock() + 5
      repeat
         pool:step(0.5)
         local open = server:report().open
      until open == 0 or wire.clock() > deadline
      assert.equal(0, server:report().open)
      assert.equal(200, transfers.run(pool, get "/answer").status)
      assert.equal(2, server:report().accepted)
      pool:close()
   end)

   describe("that is closed", function()
      it("ends what was under way as closed", function()
         local pool = curl.pool { max_transfers = 1 }
         local active, queued = assert(pool:add(get "/silent")), assert(pool:add(get "/answer"))
         repeat
            pool:step(0.1)
         until #server:requests() == 1
         pool:close()
         local ended = transfers.next(pool)
         assert.same({ active, "closed", "maybe" }, { ended.id, ended.kind, ended.sent })
         ended = transfers.next(pool)
         assert.same({ queued, "closed", "no" }, { ended.id, ended.kind, ended.sent })
         assert.is_nil(pool:completed())
         server:wait_until(function(report)
            return report.open == 0
         end)
      end)

      it("takes nothing more, and may be closed again", function()
         local pool = curl.pool()
         pool:close()
         pool:close()
         local id, kind = pool:add(get "/answer")
         assert.is_nil(id)
         assert.equal("closed", kind)
         pool:step(0)
         assert.equal("kenar.pool (0 active, 0 queued, closed)", tostring(pool))
      end)
   end)

   it("that is forgotten with transfers under way closes their connections", function()
      -- What an earlier spec has forgotten is gone before the count.
      collectgarbage()
      collectgarbage()
      local before = wire.count_fds()
      local pool = curl.pool { max_transfers = 3 }
      for _ = 1, 5 do
         assert(pool:add { method = "POST", url = server.url .. "/silent", body = "x", headers = { a = "b" } })
      end
      repeat
         pool:step(0.1)
      until #server:requests() == 3
      pool = nil -- luacheck: ignore 311
      collectgarbage()
      collectgarbage()
      server:wait_until(function(report)
         return report.open == 0
      end)
      assert.equal(before, wire.count_fds())
   end)

   it("leaves no descriptor behind, whatever happened on it", function()
      local before = wire.count_fds()
      local pool = curl.pool()
      for _, path in ipairs { "/answer", "/close", "/reset", "/half", "/huge", "/garbage", "/silent" } do
         transfers.run(pool, { method = "POST", url = server.url .. path, body = "x", timeout = 0.2 })
      end
      pool:close()
      assert.equal(before, wire.count_fds())
   end)

   it("belongs to the process that made it, and a child does its connections no harm", function()
      local pool = curl.pool()
      assert.equal(200, transfers.run(pool, get "/answer").status)
      local child = assert(wire.fork(function()
         for _, method in ipairs { "step", "cancel" } do
            local ok, message = pcall(pool[method], pool, 0)
            assert(not ok and message:find "fork", message)
         end
         pool:close()
         pool = nil
         collectgarbage()
         collectgarbage()
      end))
      assert.equal(0, child:wait(10))
      child:close()
      assert.equal(200, transfers.run(pool, get "/answer").status)
      assert.equal(1, server:report().accepted)
      pool:close()
   end)

   it("does not let programs that are started inherit its connections", function()
      local function sockets_of_a_child()
         local child = assert(io.popen "ls -l /proc/self/fd")
         local _, count = child:read("*a"):gsub("socket:", "")
         child:close()
         return count
      end
      local pool = curl.pool()
      assert.equal("network", transfers.run(pool, { url = "http://127.0.0.1:" .. wire.free_port() .. "/" }).kind)
      local before = sockets_of_a_child()
      assert.equal(200, transfers.run(pool, get "/answer").status)
      assert.equal(before, sockets_of_a_child())
      pool:close()
   end)

   describe("raises on", function()
      local mistakes = {
         ["an option it does not know"] = { max_transfer = 1 },
         ["no transfers at all"] = { max_transfers = 0 },
         ["a negative idle time"] = { idle = -1 },
         ["a proxy that is a number"] = { proxy = 1 },
         ["a CA file that is a table"] = { ca_file = {} },
      }
      for name, options in pairs(mistakes) do
         it(name, function()
            assert.has_error(function()
               curl.pool(options)
            end)
         end)
      end

      it("a negative wait", function()
         assert.has_error(function()
            curl.pool():step(-1)
         end)
      end)
   end)
end)
