local contract = require "kenar.host.contract"

describe("kenar.host.contract", function()
   it("gives a host the optional members that it lacks", function()
      local spawned
      local host = { spawn = function(...) spawned = { ... } end }
      assert.equal(host, contract.complete(host))
      host.start("f", 1, 2, 3)
      assert.same({ "f", 1, 2, 3 }, spawned)
      assert.same({ active = 0, queued = 0 }, host.stats())
      assert.is_true(host.is_interactive)
      assert.is_nil(host.on_stop(error))
      assert.is_function(host.log)
   end)

   it("draws random numbers from 0 to 1 that differ", function()
      local host, seen, different = contract.complete {}, {}, 0
      for _ = 1, 20 do
         local share = host.random()
         assert.is_true(share >= 0 and share < 1)
         different = different + (seen[share] and 0 or 1)
         seen[share] = true
      end
      assert.is_true(different > 10)
   end)

   it("leaves what a host has, false among it", function()
      local function own() end
      local host = contract.complete { start = own, random = own, is_interactive = false }
      assert.same({ own, own, false }, { host.start, host.random, host.is_interactive })
   end)
end)
