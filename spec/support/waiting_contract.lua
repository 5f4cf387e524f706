--- The part of spec.support.host_contract about semaphores, waits in coroutines, and stops.

local assert = require "luassert"
local errors = require "kenar.error"

---@param current table `host()`, `url()`, `only_yields()`, `in_task(f)` and `everywhere(name, f)` of the host under
---   test, and the `runner` that specs are defined with
return function(current)
   local describe, it, before_each = current.runner.describe, current.runner.it, current.runner.before_each
   local in_task, everywhere = current.in_task, current.everywhere
   local host, url

   before_each(function()
      host, url = current.host(), current.url()
   end)

   describe("semaphore", function()
      everywhere("lets as many pass as it counts", function()
         local semaphore = host.semaphore(2)
         assert.is_true(semaphore:wait(0))
         assert.is_true(semaphore:wait(0))
         assert.same({ nil, "timeout" }, { semaphore:wait(0) })
         semaphore:post()
         assert.is_true(semaphore:wait())
      end)

      everywhere("waits no longer than it is told", function()
         local began = host.clock()
         local ok, why = host.semaphore(0):wait(0.02)
         assert.is_nil(ok)
         assert.equal("timeout", why)
         assert.is_true(host.clock() - began >= 0.02)
      end)

      it("wakes tasks in the order in which they began to wait, without those that timed out", function()
         in_task(function()
            local semaphore, order, tasks = host.semaphore(0), {}, {}
            for i = 1, 4 do
               tasks[i] = host.spawn(function()
                  if semaphore:wait(i == 2 and 0.01 or nil) then
                     order[#order + 1] = i
                  end
               end)
            end
            assert(tasks[2]:wait())
            semaphore:post(3)
            for _, task in ipairs(tasks) do
               assert(task:wait())
            end
            assert.same({ 1, 3, 4 }, order)
            assert.same({ nil, "timeout" }, { semaphore:wait(0) })
         end)
      end)
   end)

   describe("waiting", function()
      it("works under pcall and xpcall", function()
         in_task(function()
            assert.same({ true, true }, { pcall(host.sleep, 0) })
            assert.same({ true, "value" }, { xpcall(function()
               host.sleep(0)
               return "value"
            end, debug.traceback) })
            local ok, err = pcall(function()
               host.sleep(0)
               error "on purpose"
            end)
            assert.is_false(ok)
            assert.is_truthy(err:find("on purpose", 1, true))
         end)
      end)

      it("works in a coroutine of the program's own inside a task", function()
         in_task(function()
            local produce = coroutine.wrap(function()
               for i = 1, 3 do
                  assert(host.sleep(0))
                  assert(host.request { method = "GET", url = url .. "/answer" })
                  coroutine.yield(i)
               end
            end)
            assert.same({ 1, 2, 3 }, { produce(), produce(), produce() })
         end)
      end)

      it("works if a coroutine cannot yield, or raises if the host can only yield", function()
         in_task(function()
            local list = { 3, 1, 2 }
            local ok, err = pcall(table.sort, list, function(a, b)
               assert(host.sleep(0))
               return a < b
            end)
            if current.only_yields() then
               assert.is_false(ok)
               assert.is_truthy(err:find("yield", 1, true))
            else
               assert(ok, err)
               assert.same({ 1, 2, 3 }, list)
            end
         end)
      end)
   end)

   describe("after a stop", function()
      before_each(function()
         assert.is_false(host.closing())
      end)

      it("closing is true, and nothing new begins", function()
         host:stop()
         assert.is_true(host.closing())
         assert.same({ nil, "closed" }, { host.sleep(10) })
         assert.same({ nil, "closed" }, { host.semaphore(0):wait() })
         local res, err = host.request { method = "GET", url = url .. "/answer" }
         assert.is_nil(res)
         assert.is_true(errors.is(err))
         assert.equal("closed", err.kind)
         assert.equal("no", err.sent)
      end)

      it("waits end as closed", function()
         local told = {}
         host.spawn(function()
            told.sleep = select(2, host.sleep(1000))
         end)
         host.spawn(function()
            told.semaphore = select(2, host.semaphore(0):wait())
         end)
         in_task(function()
            host.sleep(0)
            host.sleep(0)
         end)
         host:stop()
         host:run()
         assert.same({ sleep = "closed", semaphore = "closed" }, told)
         assert.equal(0, host:count())
      end)
   end)
end
