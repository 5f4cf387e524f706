local incoming = require "spec.soak.incoming"

describe("webhooks to a bot with an inbox that is killed and started again", function()
   it("are each handled at least once and in order, and have their side effect once", function()
      local report = incoming.run { events = 1000, kills = 4, seed = 7 }
      assert.same({ 1000, 0, 0 }, { report.handled, report.lost, report.dead })
      assert.same({ 0, 0 }, { report.effects_missing, report.effects_twice })
      assert.equal(0, report.out_of_order)
   end)
end)
