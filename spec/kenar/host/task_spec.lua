local fault_server = require "spec.support.fault_server"
local loop = require "kenar.host.loop"
local wire = require "spec_wire"

describe("a task of the standalone loop", function()
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

   it("runs on a coroutine that ran another before", function()
      local threads, count = {}, 0
      for _ = 1, 20 do
         host.spawn(function()
            local thread = coroutine.running()
            count = count + (threads[thread] and 0 or 1)
            threads[thread] = true
         end):wait()
      end
      assert.equal(1, count)
   end)

   it("that raised does not pass its coroutine on", function()
      host.on_error = function() end
      local broken
      host.spawn(function()
         broken = coroutine.running()
         error "on purpose"
      end):wait()
      host.spawn(function()
         assert(coroutine.running() ~= broken)
      end):wait()
      assert.equal("dead", coroutine.status(broken))
   end)

   it("that calls coroutine.yield fails with an explanation instead of hanging", function()
      host.on_error = function() end
      local ok, err = host.spawn(coroutine.yield):wait()
      assert.is_nil(ok)
      assert.is_truthy(err:find("coroutine.yield", 1, true))
   end)

   it("may wait in coroutines of its own while a hundred others do", function()
      local done = 0
      for _ = 1, 100 do
         host.spawn(function()
            coroutine.wrap(function()
               assert(host.request { method = "GET", url = server.url .. "/answer" })
               assert(host.sleep(0.001))
               done = done + 1
            end)()
         end)
      end
      host:run()
      assert.equal(100, done)
   end)

   it("that raises does not end the loop, even if on_error raises as well; both errors are reported", function()
      local script = [[
         local host = require("kenar.host.loop").new { on_error = function() error "in the reporter" end }
         host.spawn(function() error "in the task" end)
         host:run()
         print(host.spawn(function() return "alive" end):wait())
      ]]
      local process = assert(wire.spawn({ wire.executable(), "-e", script }, { stderr = "stdout" }))
      local output, text = "", nil
      repeat
         output = output .. (text or "")
         text = process:read(10)
      until not text
      assert.equal(0, process:wait(10))
      process:close()
      assert.is_truthy(output:find("on_error failed: .*in the reporter"))
      assert.is_truthy(output:find("true\talive", 1, true))
   end)

   it("that timed out is removed from the semaphore", function()
      local semaphore = host.semaphore(0)
      for _ = 1, 3 do
         semaphore:wait(0.001)
      end
      assert.equal(0, #semaphore.waiters)
   end)
end)
