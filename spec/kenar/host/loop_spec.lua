--- The standalone host: the contract of hosts, and what only a loop of one's own has.

local fault_server = require "spec.support.fault_server"
local host_contract = require "spec.support.host_contract"
local loop = require "kenar.host.loop"
local wire = require "spec_wire"

describe("kenar.host.loop", function()
   describe("is a host:", function()
      host_contract(function(on_error)
         local server = fault_server.start()
         local host = loop.new { on_error = on_error }
         return {
            host = host,
            url = server.url,
            close = function()
               host:stop()
               host:run()
               server:stop()
            end,
         }
      end)
   end)

   local server, host

   before_each(function()
      server = fault_server.start()
      host = loop.new()
   end)

   after_each(function()
      host:stop()
      host:run()
      server:stop()
   end)

   describe("run", function()
      it("returns when nothing is left to do", function()
         local done = 0
         for i = 1, 3 do
            host.spawn(function()
               host.sleep(0.01 * i)
               done = done + 1
            end)
         end
         host:run()
         assert.equal(3, done)
         assert.equal(0, host:count())
      end)

      it("returns when finished() is true", function()
         local turns = 0
         host.spawn(function()
            while host.sleep(0) do
               turns = turns + 1
            end
         end)
         host:run(function()
            return turns >= 3
         end)
         assert.is_true(turns >= 3 and turns < 10)
      end)

      it("raises if no wait can end any more", function()
         assert.has_error(function()
            host:run(function()
               return false
            end)
         end, "everything waits, and nothing is left that could wake it")
         local semaphore = host.semaphore(0)
         local ok, err = pcall(semaphore.wait, semaphore)
         assert.is_false(ok)
         assert.is_truthy(err:find("nothing is left", 1, true))
      end)

      it("cannot be called inside a task", function()
         host.on_error = function() end
         function host.on_error() end
         local ok, err = host.spawn(function()
            host:run()
         end):wait()
         assert.is_nil(ok)
         assert.is_truthy(err:find("run was called inside a task", 1, true))
      end)
   end)

   describe("request", function()
      it("of a refused port is a network error with the method, and was not sent", function()
         local url = "http://127.0.0.1:" .. wire.free_port() .. "/"
         local res, err = host.request { method = "POST", url = url, body = "x" }
         assert.is_nil(res)
         assert.same({ "network", "no", "POST" }, { err.kind, err.sent, err.method })
      end)

      it("is refused for headers that cannot be sent, and for a bad URL", function()
         local headers = { ["x-api-key"] = "a\r\nb" }
         local _, err = host.request { method = "GET", url = server.url .. "/answer", headers = headers }
         assert.same({ "invalid", "no", "GET" }, { err.kind, err.sent, err.method })
         _, err = host.request { method = "GET", url = "http://divar.ir/" }
         assert.same({ "invalid", "no", "GET" }, { err.kind, err.sent, err.method })
         assert.equal(0, server:report().accepted)
      end)

      it("sends one table of headers again and again", function()
         local headers = { ["x-api-key"] = "secret" }
         for _ = 1, 3 do
            assert(host.request { method = "GET", url = server.url .. "/answer", headers = headers })
         end
         for _, request in ipairs(server:requests()) do
            assert.equal("secret", request.headers["x-api-key"])
         end
      end)

      it("keeps tables of headers weakly", function()
         local kept = setmetatable({}, { __mode = "k" })
         for i = 1, 5 do
            local headers = { ["x-number"] = tostring(i) }
            kept[headers] = true
            assert(host.request { method = "GET", url = server.url .. "/answer", headers = headers })
         end
         collectgarbage()
         collectgarbage()
         assert.is_true(next(kept) == nil or next(kept, next(kept)) == nil)
      end)

      it("reports its progress, and goes on if on_progress raises", function()
         local path = os.tmpname()
         local file = assert(io.open(path, "wb"))
         file:write(("x"):rep(3000000))
         file:close()
         local calls, errors_seen = {}, 0
         host.on_error = function()
            errors_seen = errors_seen + 1
         end
         local res, err = host.request {
            method = "POST", url = server.url .. "/answer", body = { { path = path } },
            on_progress = function(sent, total)
               calls[#calls + 1] = sent
               assert(total == 3000000)
               error "on purpose"
            end,
         }
         os.remove(path)
         assert.equal(200, res and res.status, err and tostring(err))
         assert.is_true(#calls > 0)
         assert.equal(#calls, errors_seen)
         for i = 2, #calls do
            assert.is_true(calls[i] > calls[i - 1])
         end
      end)

      it("may wait in a thousand tasks at once, 64 of them on the wire", function()
         local done = 0
         for _ = 1, 1000 do
            host.spawn(function()
               local res = assert(host.request { method = "POST", url = server.url .. "/echo", body = "x" })
               done = done + (res.body == "x" and 1 or 0)
            end)
         end
         host:run()
         assert.equal(1000, done)
         assert.is_true(server:report().accepted <= 64)
      end)

      it("raises for a mistake in it, in the task that made it", function()
         host.on_error = function() end
         local ok, err = host.spawn(function()
            host.request { method = "post", url = server.url }
         end):wait()
         assert.is_nil(ok)
         assert.is_truthy(err:find("method is a word in upper case", 1, true))
      end)
   end)

   describe("stop", function()
      it("waits for requests under way until the deadline", function()
         local res
         host.spawn(function()
            res = host.request { method = "GET", url = server.url .. "/slow" }
         end)
         host.spawn(function()
            repeat
               host.sleep(0.005)
            until #server:requests() == 1
            host:stop(5)
         end)
         host:run()
         assert.equal("slow", res.body)
      end)

      it("ends requests that take longer", function()
         local err
         host.spawn(function()
            err = select(2, host.request { method = "POST", url = server.url .. "/silent", body = "x" })
         end)
         host.spawn(function()
            repeat
               host.sleep(0.01)
            until #server:requests() == 1
            host:stop(0.05)
         end)
         host:run()
         assert.same({ "closed", "maybe" }, { err.kind, err.sent })
         assert.equal(0, host:count())
      end)

      it("ends a task that waits again and again and ignores the results", function()
         host.on_error = function() end
         host.spawn(function()
            while true do
               host.sleep(1)
            end
         end)
         host:step(0)
         host:stop()
         host:run()
         assert.equal(0, host:count())
      end)

      it("leaves no descriptor behind", function()
         local before = wire.count_fds()
         local other = loop.new()
         assert(other.request { method = "GET", url = server.url .. "/answer" })
         other:stop()
         other:run()
         assert.equal(before, wire.count_fds())
      end)
   end)

   describe("on_signal", function()
      it("runs a task for each signal", function()
         local names = {}
         host:on_signal({ "USR1", "USR2" }, function(name)
            host.sleep(0)
            names[#names + 1] = name
         end)
         wire.raise(10)
         host:run(function()
            return #names == 1
         end)
         wire.raise(12)
         host:run(function()
            return #names == 2
         end)
         assert.same({ "USR1", "USR2" }, names)
      end)
   end)

   it("settles: runs ready tasks and the tasks that these make ready, without waiting", function()
      local order = {}
      local gate = host.semaphore(0)
      for i = 1, 2 do
         host.start(function()
            gate:wait()
            order[#order + 1] = "waiter " .. i
         end)
      end
      host.start(function()
         host.sleep(60)
         order[#order + 1] = "sleeper"
      end)
      host.spawn(function()
         order[#order + 1] = "opener"
         gate:post(2)
      end)
      host:settle()
      assert.same({ "opener", "waiter 1", "waiter 2" }, order)
      host:stop()
      host:run()
      assert.equal(0, host:count())
   end)

   it("knows its options", function()
      assert.has_error(function()
         loop.new { max_transfer = 1 }
      end, "unknown option of a loop: max_transfer")
   end)
end)
