local errors = require "kenar.error"
local host_contract = require "spec.support.host_contract"
local virtual = require "kenar.host.virtual"

describe("the virtual host keeps the contract of hosts:", function()
   host_contract(function(on_error)
      local host
      local answers = {
         ["/answer"] = function()
            return { status = 200, headers = { ["content-type"] = "application/json" }, body = '{"ok":true}' }
         end,
         ["/echo"] = function(req)
            local headers = { ["X-Method"] = req.method, ["X-Heard"] = req.headers["x-told"] }
            return { status = 200, headers = headers, body = req.body }
         end,
         ["/silent"] = function()
            return nil, host.sleep(3600)
         end,
      }
      host = virtual.new {
         on_error = on_error,
         serves = {
            ["https://example.com"] = function(req)
               return answers[req.url:match "^https://example.com(.*)$"](req)
            end,
         },
      }
      return { host = host, url = "https://example.com", close = function() end }
   end)
end)

describe("kenar.host.virtual", function()
   local host, seen_errors

   before_each(function()
      seen_errors = {}
      host = virtual.new {
         now = 1000,
         serves = {
            ["https://example.com"] = function(req)
               return { status = 200, headers = {}, body = req.method .. " " .. req.url .. " " .. tostring(req.body) }
            end,
            ["https://slow.example.com"] = function()
               host.sleep(30)
               return { status = 200, headers = {}, body = "late" }
            end,
            ["https://broken.example.com"] = function()
               return nil, errors.new { kind = "network", message = "refused", sent = "no" }
            end,
         },
         on_error = function(err)
            seen_errors[#seen_errors + 1] = err
         end,
      }
   end)

   after_each(function()
      assert.equal(0, host:count())
      assert.same({}, seen_errors)
   end)

   describe("time", function()
      it("stands still until all tasks wait", function()
         assert.equal(1000, host.now())
         assert.equal(0, host.clock())
         host.sleep(2.5)
         assert.equal(1002.5, host.now())
         assert.equal(2.5, host.clock())
      end)

      it("wakes tasks in the order of their times, and at the same time in the order in which they began", function()
         local order = {}
         for _, sleeper in ipairs { { "c", 3 }, { "a", 1 }, { "b", 2 }, { "B", 2 } } do
            host.spawn(function()
               host.sleep(sleeper[2])
               order[#order + 1] = sleeper[1] .. host.clock()
            end)
         end
         host:run()
         assert.same({ "a1", "b2", "B2", "c3" }, order)
      end)

      it("advances as far as it is told, and no further", function()
         local done = 0
         host.spawn(function()
            for _ = 1, 3 do
               host.sleep(10)
               done = done + 1
            end
         end)
         host:advance(25)
         assert.equal(2, done)
         assert.equal(25, host.clock())
         host:advance(5)
         assert.equal(3, done)
      end)

      it("does not go backwards", function()
         assert.has_error(function()
            host:advance(-1)
         end)
         assert.has_error(function()
            host:advance(0 / 0)
         end)
      end)
   end)

   describe("tasks", function()
      it("are waited for until the caller's timeout", function()
         local task = host.spawn(host.sleep, 10)
         local ok, err = task:wait(3)
         assert.is_nil(ok)
         assert.equal("timeout", err.kind)
         assert.equal(3, host.clock())
         assert.is_true(task:wait())
         assert.equal(10, host.clock())
      end)

      it("whose waits cannot end raise instead of hanging", function()
         local semaphore = host.semaphore(0)
         local task = host.spawn(function()
            return semaphore:wait()
         end)
         local ok, message = pcall(task.wait, task)
         assert.is_false(ok)
         assert.truthy(message:find("everything waits, and nothing is left that could wake it", 1, true))
         semaphore:post()
         assert.is_true(task:wait())
      end)
   end)

   describe("a semaphore", function()
      it("gives its permits, the further ones in the order of the tasks", function()
         local semaphore, order, inside, most = host.semaphore(2), {}, 0, 0
         for i = 1, 5 do
            host.spawn(function()
               semaphore:wait()
               inside = inside + 1
               most = math.max(most, inside)
               host.sleep(1)
               order[#order + 1] = i
               inside = inside - 1
               semaphore:post()
            end)
         end
         host:run()
         assert.equal(2, most)
         assert.same({ 1, 2, 3, 4, 5 }, order)
         assert.equal(3, host.clock())
      end)
   end)

   describe("a request", function()
      it("is answered by the function of its origin", function()
         local res = host.request { method = "POST", url = "https://example.com/a?b=1", body = "c" }
         assert.equal("POST https://example.com/a?b=1 c", res.body)
      end)

      it("is given up after 30 seconds, as on a real host, if it names no timeout", function()
         host = virtual.new { serves = { ["https://example.com"] = function() return nil, host.sleep(3600) end } }
         local _, err = host.request { url = "https://example.com/" }
         assert.same({ "timeout", 30 }, { err.kind, host.clock() })
         host:run()
      end)

      it("may be answered by a function that gives a status and nothing else", function()
         host = virtual.new { serves = { ["https://example.com"] = function() return { status = 204 } end } }
         assert.same({ status = 204, headers = {}, body = "" }, host.request { url = "https://example.com/" })
      end)

      it("has a body in parts put together", function()
         local res = host.request { method = "POST", url = "https://example.com/", body = { "a", "b" } }
         assert.equal("POST https://example.com/ ab", res.body)
      end)

      it("to another origin raises", function()
         local ok, message = pcall(host.request, { method = "GET", url = "https://elsewhere.example.com/x" })
         assert.is_false(ok)
         assert.truthy(message:find("no network here: GET https://elsewhere.example.com/x", 1, true))
      end)

      it("gives the error that the function gives", function()
         local res, err = host.request { method = "GET", url = "https://broken.example.com/" }
         assert.is_nil(res)
         assert.equal("network", err.kind)
         assert.equal("no", err.sent)
      end)

      it("is given up after its timeout; whether it arrived is then not known", function()
         local res, err = host.request { method = "GET", url = "https://slow.example.com/", timeout = 5 }
         assert.is_nil(res)
         assert.equal("timeout", err.kind)
         assert.equal("maybe", err.sent)
         assert.equal(5, host.clock())
         host:run()
      end)

      it("does not delay other requests", function()
         local ends = {}
         host.spawn(function()
            host.request { method = "GET", url = "https://slow.example.com/" }
            ends.slow = host.clock()
         end)
         host.spawn(function()
            host.request { method = "GET", url = "https://example.com/" }
            ends.fast = host.clock()
         end)
         host:run()
         assert.same({ slow = 30, fast = 0 }, ends)
      end)

      it("does not say that a refusal which is too large was an act", function()
      local status
      host.serves["https://example.com"] = function()
         return { status = status, body = ("x"):rep(100) }
      end
      for answered, sent in pairs { [200] = "yes", [404] = "no", [502] = "maybe" } do
         status = answered
         local _, err = host.request { method = "POST", url = "https://example.com/", max_body = 10 }
         assert.same({ "too_large", sent }, { err.kind, err.sent })
      end
   end)

   it("is refused an answer that is too large", function()
         local res, err = host.request { method = "GET", url = "https://example.com/", max_body = 10 }
         assert.is_nil(res)
         assert.equal("too_large", err.kind)
         assert.equal("yes", err.sent)
      end)
   end)

   it("wakes sleeping tasks when it stops, and refuses new requests", function()
      local result
      host.spawn(function()
         result = { host.sleep(3600) }
      end)
      host:advance(1)
      host:stop()
      assert.same({ nil, "closed" }, result)
      assert.is_true(host.closing())
      assert.equal(1, host.clock())
      assert.same({ nil, "closed" }, { host.sleep(1) })
      local _, err = host.request { method = "GET", url = "https://example.com/" }
      assert.equal("closed", err.kind)
   end)
end)
