local loop = require "kenar.host.loop"
local wire = require "spec_wire"

describe("an object that the standalone loop watches", function()
   local host, listener, client, watched

   before_each(function()
      host = loop.new()
      listener = assert(wire.listen())
      watched = { calls = 0, accepted = 0 }
      function watched.fd()
         return listener:fd()
      end
      function watched.ready()
         watched.calls = watched.calls + 1
         local socket = listener:accept(0)
         if socket then
            watched.accepted = watched.accepted + 1
            socket:close()
         end
         return watched.wants
      end
   end)

   after_each(function()
      host:stop()
      host:run()
      listener:close()
   end)

   it("is called when its descriptor is readable", function()
      host:watch(watched)
      client = assert(wire.connect(listener:port()))
      host:run(function()
         return watched.accepted == 1
      end)
      client:close()
   end)

   it("is called when the time that it named has come", function()
      watched.wants = 0.01
      host:watch(watched)
      host:run(function()
         return watched.calls >= 3
      end)
   end)

   it("is not called again and again while nothing happens", function()
      host:watch(watched)
      host.sleep(0.2)
      assert.is_true(watched.calls < 10)
   end)

   it("keeps run from ending, unless in the background, until unwatch", function()
      host:watch(watched, true)
      host:run()
      host:unwatch(watched)
      host:watch(watched)
      host.spawn(function()
         host.sleep(0.02)
         host:unwatch(watched)
      end)
      host:run()
      assert.equal(0, host:count())
   end)

   it("is not called while it runs, though it waits", function()
      local depth, deepest = 0, 0
      local accept = watched.ready
      function watched.ready()
         depth = depth + 1
         deepest = math.max(deepest, depth)
         host.sleep(0.005)
         depth = depth - 1
         return accept()
      end
      host:watch(watched)
      client = assert(wire.connect(listener:port()))
      host:run(function()
         return watched.accepted == 1
      end)
      client:close()
      assert.equal(1, deepest)
   end)

   it("lets an answer that a task gives leave in the same turn", function()
      local answered, flushed
      function watched.ready()
         local socket = listener:accept(0)
         if socket then
            socket:close()
            host.spawn(function()
               answered = true
            end)
         end
         flushed = flushed or answered
      end
      host:watch(watched)
      client = assert(wire.connect(listener:port()))
      host:run(function()
         return answered
      end)
      assert.is_true(flushed)
      client:close()
   end)
end)
