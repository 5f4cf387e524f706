--- The contract of hosts as specs: call it inside a `describe` with a function that makes a host.
--
-- `make(on_error)` returns a subject: `host`; `url`, whose paths `/answer`, `/echo` and `/silent` behave as in
-- spec.support.fault_server; and `close()`. `subject.run(f)` runs `f` in a task to its end (absent: `host.spawn` and
-- `task:wait` do). `subject.only_yields` says that waiting is impossible where a coroutine cannot yield.

local assert = require "luassert"
local errors = require "kenar.error"
local waiting_contract = require "spec.support.waiting_contract"

---@param make fun(on_error: fun(err: any, traceback: string)): table
---@param runner? table what the specs are defined with (default: busted)
return function(make, runner)
   runner = runner or require "busted"
   local describe, it, before_each, after_each = runner.describe, runner.it, runner.before_each, runner.after_each
   local subject, host, reported

   before_each(function()
      reported = {}
      subject = make(function(err, traceback)
         reported[#reported + 1] = { err = err, traceback = traceback }
      end)
      host = subject.host
   end)

   after_each(function()
      subject.close()
   end)

   local current = {
      host = function() return host end,
      url = function() return subject.url end,
      only_yields = function() return subject.only_yields end,
      runner = runner,
   }

   --- Run `f` in a task and raise what it raised.
   function current.in_task(f)
      if subject.run then
         return subject.run(f)
      end
      local ok, err = host.spawn(f):wait()
      if not ok then
         error(err, 0)
      end
   end

   --- Runs a spec inside a task and outside of tasks.
   function current.everywhere(name, f)
      it(name .. ", in a task", function()
         current.in_task(f)
      end)
      it(name .. ", outside of tasks", function()
         f()
      end)
   end

   local in_task, everywhere = current.in_task, current.everywhere

   it("has a name", function()
      assert.equal("string", type(host.name))
   end)

   it("tells the time of day and a time that only grows, in seconds", function()
      assert.is_true(host.now() > 1.6e9)
      local first = host.clock()
      assert.is_true(host.clock() >= first)
   end)

   it("has every optional member, so that no caller tests for it", function()
      for name, kind in pairs { start = "function", log = "function", random = "function", on_stop = "function",
         stats = "function", is_interactive = "boolean" } do
         assert.equal(kind, type(host[name]), name)
      end
      local share = host.random()
      assert.is_true(share >= 0 and share <= 1)
      host.on_stop(function() end)
   end)

   it("counts its requests", function()
      in_task(function()
         assert.same({ active = 0, queued = 0 }, host.stats())
         assert(host.request { url = subject.url .. "/answer" })
         assert.same({ active = 0, queued = 0 }, host.stats())
      end)
   end)

   it("starts a task that nobody waits for, with three arguments", function()
      in_task(function()
         local got
         host.start(function(...)
            host.sleep(0.01)
            got = { ... }
         end, 1, "b", false)
         while not got do
            host.sleep(0.01)
         end
         assert.same({ 1, "b", false }, got)
      end)
   end)

   describe("request", function()
      everywhere("gives status, headers in lower case and body", function()
         local res = assert(host.request { method = "GET", url = subject.url .. "/answer" })
         assert.equal(200, res.status)
         assert.equal("application/json", res.headers["content-type"])
         assert.equal('{"ok":true}', res.body)
      end)

      everywhere("sends the body as it is, a list in its order", function()
         for _, body in ipairs { "\0\255سلام", { "\0\255", "سلام" } } do
            local res = assert(host.request { method = "POST", url = subject.url .. "/echo", body = body })
            assert.equal("\0\255سلام", res.body)
         end
      end)

      everywhere("that is not answered in time is a timeout, and the server may have acted", function()
         local res, err = host.request { method = "POST", url = subject.url .. "/silent", body = "x", timeout = 0.05 }
         assert.is_nil(res)
         assert.is_true(errors.is(err))
         assert.equal("timeout", err.kind)
         assert.equal("maybe", err.sent)
         assert.equal("POST", err.method)
      end)

      everywhere("with fresh goes out on a new connection, as well as any other", function()
         for _ = 1, 3 do
            local res = assert(host.request { url = subject.url .. "/answer", fresh = true })
            assert.equal('{"ok":true}', res.body)
         end
      end)

      everywhere("takes no more than max_body bytes", function()
         local request = { method = "POST", url = subject.url .. "/echo", body = ("x"):rep(100), max_body = 99 }
         local res, err = host.request(request)
         assert.is_nil(res)
         assert.equal("too_large", err.kind)
         assert.equal("yes", err.sent)
         request.max_body = 100
         assert.equal(100, #assert(host.request(request)).body)
      end)

      everywhere("is a GET unless it says otherwise, and its answer has headers and a body in any case", function()
         for method, request in pairs { GET = {}, POST = { method = "POST" }, PUT = { method = "PUT", body = "" } } do
            request.url = subject.url .. "/echo"
            local res = assert(host.request(request))
            assert.same({ method, "" }, { res.headers["x-method"], res.body })
         end
      end)

      everywhere("sends headers whatever their case, and numbers as they are written", function()
         for _, value in ipairs { "a value", 7 } do
            local res = assert(host.request { url = subject.url .. "/echo", headers = { ["X-Told"] = value } })
            assert.equal(tostring(value), res.headers["x-heard"])
         end
      end)

      everywhere("takes an answer of 1 MiB, and no more without max_body", function()
         local request = { method = "POST", url = subject.url .. "/echo", body = ("x"):rep(1024 * 1024) }
         assert.equal(1024 * 1024, #assert(host.request(request)).body)
         request.body = request.body .. "x"
         local _, err = host.request(request)
         assert.equal("too_large", err.kind)
      end)

      everywhere("tells how much of its body has left, up to all of it", function()
         local last
         assert(host.request {
            method = "POST", url = subject.url .. "/echo", body = { "ab", "c" },
            on_progress = function(sent, total)
               last = { sent, total }
               error "on purpose"
            end,
         })
         assert.same({ 3, 3 }, last)
         assert.truthy(tostring(reported[1].err):find("on purpose", 1, true))
      end)

      everywhere("that cannot be sent is refused, with its method", function()
         local requests = {
            { headers = { ["X-Told"] = "a\r\nb" } }, { headers = { ["Content-Length"] = "1" } },
            { headers = { ["not a name"] = "a" } }, { body = { { path = "/nonexistent/photo.jpg" } } },
         }
         for _, request in ipairs(requests) do
            request.method, request.url = "POST", subject.url .. "/echo"
            local res, err = host.request(request)
            assert.is_nil(res)
            assert.same({ "invalid", "no", "POST" }, { err.kind, err.sent, err.method })
         end
      end)

      everywhere("that is none raises", function()
         local mistakes = {
            { method = "get" }, { method = 7 }, { timeout = 0 }, { connect_timeout = 0 }, { max_body = -1 },
            { body = "x" }, { method = "POST", body = 7 }, { method = "POST", body = { 7 } }, { headers = { "a" } },
            { method = "POST", body = { { size = 1 } } },
         }
         for number, request in ipairs(mistakes) do
            request.url = subject.url .. "/echo"
            assert.is_false(pcall(host.request, request), "mistake " .. number)
         end
      end)

      it("of one task does not hold up another's", function()
         in_task(function()
            local order = {}
            local slow = host.spawn(function()
               host.request { method = "GET", url = subject.url .. "/silent", timeout = 0.3 }
               order[#order + 1] = "slow"
            end)
            local quick = host.spawn(function()
               assert(host.request { method = "GET", url = subject.url .. "/answer" })
               order[#order + 1] = "quick"
            end)
            assert(slow:wait())
            assert(quick:wait())
            assert.same({ "quick", "slow" }, order)
         end)
      end)
   end)

   describe("sleep", function()
      everywhere("lets the time pass", function()
         local began = host.clock()
         assert.is_true(host.sleep(0.02))
         assert.is_true(host.clock() - began >= 0.02)
      end)

      it("wakes the one that sleeps shortest first", function()
         in_task(function()
            local order, tasks = {}, {}
            for i, seconds in ipairs { 0.03, 0.01, 0.02 } do
               tasks[i] = host.spawn(function()
                  host.sleep(seconds)
                  order[#order + 1] = i
               end)
            end
            for _, task in ipairs(tasks) do
               assert(task:wait())
            end
            assert.same({ 2, 3, 1 }, order)
         end)
      end)
   end)

   describe("spawn", function()
      everywhere("hands on arguments and results, nils among them", function()
         local task = host.spawn(function(...)
            return select("#", ...), ...
         end, nil, "b", nil)
         local function check(ok, count, a, b, c, ...)
            assert.is_true(ok)
            assert.equal(3, count)
            assert.same({ nil, "b", nil }, { a, b, c })
            assert.equal(0, select("#", ...))
         end
         check(task:wait())
         check(task:wait()) -- asking again gives the same
      end)

      it("begins tasks in the order they were spawned", function()
         in_task(function()
            local order, last = {}, nil
            for i = 1, 5 do
               last = host.spawn(function()
                  order[#order + 1] = i
               end)
            end
            assert(last:wait())
            assert.same({ 1, 2, 3, 4, 5 }, order)
         end)
      end)

      everywhere("turns what a task raises into the outcome of waiting for it, and reports it", function()
         local mistake = errors.new { kind = "handler", message = "on purpose" }
         local ok, err = host.spawn(function()
            host.sleep(0)
            error(mistake)
         end):wait()
         assert.is_nil(ok)
         assert.equal(mistake, err)
         assert.equal(mistake, reported[1].err)
         assert.is_truthy(reported[1].traceback:find("on purpose", 1, true))
      end)

      everywhere("gives a task that one need not wait for in vain", function()
         local task = host.spawn(host.sleep, 0.1)
         local ok, err = task:wait(0.01)
         assert.is_nil(ok)
         assert.is_true(errors.is(err))
         assert.equal("timeout", err.kind)
         assert.is_true(task:wait())
      end)

      it("gives a task that several may wait for", function()
         in_task(function()
            local task = host.spawn(function()
               host.sleep(0.01)
               return "done"
            end)
            local waiters = {}
            for i = 1, 3 do
               waiters[i] = host.spawn(function()
                  return select(2, task:wait())
               end)
            end
            for _, waiter in ipairs(waiters) do
               assert.equal("done", select(2, waiter:wait()))
            end
         end)
      end)
   end)

   waiting_contract(current)
end
