local keyed_lock = require "kenar.base.keyed_lock"
local virtual = require "kenar.host.virtual"

describe("kenar.base.keyed_lock", function()
   local host, lock, reached

   before_each(function()
      host, reached = virtual.new {}, {}
      lock = keyed_lock.new(host)
   end)

   after_each(function()
      assert.equal(0, host:count())
      assert.equal(0, lock:count())
   end)

   -- A task that takes the lock and holds it for a second.
   local function ask(name, key, patience)
      return host.spawn(function()
         local taken, reason = lock:take(key, patience)
         reached[#reached + 1] = name .. " " .. (taken and "at" or reason) .. " " .. host.clock()
         if taken then
            host.sleep(1)
            lock:give(key)
         end
      end)
   end

   it("gives a lock in the order in which it was asked for", function()
      ask("a", "k")
      ask("b", "k")
      ask("c", "k")
      host:run()
      assert.same({ "a at 0", "b at 1", "c at 2" }, reached)
   end)

   it("lets no key wait for another key", function()
      ask("a", "k")
      ask("b", "other")
      host:run()
      assert.same({ "a at 0", "b at 0" }, reached)
   end)

   it("passes over a task that gave up", function()
      ask("a", "k")
      ask("hasty", "k", 0.5)
      ask("c", "k")
      host:run()
      assert.same({ "a at 0", "hasty timeout 0.5", "c at 1" }, reached)
   end)

   it("keeps the tasks that wait, however many keys come and go meanwhile", function()
      ask("a", "k")
      ask("b", "k")
      host:advance(0.5)
      for number = 1, 5000 do
         assert.is_true(lock:take("key " .. number))
         lock:give("key " .. number)
      end
      assert.equal(1, lock:count())
      host:run()
      assert.same({ "a at 0", "b at 1" }, reached)
   end)

   it("ends waits as closed when the host stops", function()
      ask("a", "k")
      ask("b", "k")
      host:advance(0.5)
      host:stop()
      host:run()
      assert.same({ "a at 0", "b closed 0.5" }, reached)
   end)
end)
