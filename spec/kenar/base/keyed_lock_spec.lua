local turns = require "kenar.base.keyed_lock"
local virtual = require "kenar.host.virtual"

describe("the turns of a key", function()
   local host, line, reached

   before_each(function()
      host, reached = virtual.new {}, {}
      line = turns.new(host)
   end)

   after_each(function()
      assert.equal(0, host:count())
      assert.equal(0, line:count())
   end)

   -- A task that takes the turn and holds it for a second.
   local function ask(name, key, patience)
      return host.spawn(function()
         local taken, reason = line:take(key, patience)
         reached[#reached + 1] = name .. " " .. (taken and "at" or reason) .. " " .. host.clock()
         if taken then
            host.sleep(1)
            line:give(key)
         end
      end)
   end

   it("come in the order in which they were asked for", function()
      ask("a", "k")
      ask("b", "k")
      ask("c", "k")
      host:run()
      assert.same({ "a at 0", "b at 1", "c at 2" }, reached)
   end)

   it("do not wait for those of other keys", function()
      ask("a", "k")
      ask("b", "other")
      host:run()
      assert.same({ "a at 0", "b at 0" }, reached)
   end)

   it("pass by who lost patience", function()
      ask("a", "k")
      ask("hasty", "k", 0.5)
      ask("c", "k")
      host:run()
      assert.same({ "a at 0", "hasty timeout 0.5", "c at 1" }, reached)
   end)

   it("are kept for those who wait, however many keys come and go meanwhile", function()
      ask("a", "k")
      ask("b", "k")
      host:advance(0.5)
      for number = 1, 5000 do
         assert.is_true(line:take("key " .. number))
         line:give("key " .. number)
      end
      assert.equal(1, line:count())
      host:run()
      assert.same({ "a at 0", "b at 1" }, reached)
   end)

   it("end as closed when the host stops", function()
      ask("a", "k")
      ask("b", "k")
      host:advance(0.5)
      host:stop()
      host:run()
      assert.same({ "a at 0", "b closed 0.5" }, reached)
   end)
end)
