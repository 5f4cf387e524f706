local outgoing = require "spec.soak.outgoing"

describe("messages through a sandbox of which one call in twenty fails", function()
   it("are carried out once where the sender was told so, never where not, and in their order", function()
      local report = outgoing.run { messages = 3000, conversations = 50, seed = 7, rate = 0.05 }
      assert.equal(3000, report.ok + report.no + report.maybe + report.yes)
      assert.same({ 0, 0, 0 }, { report.lost, report.twice, report.out_of_order })
      assert.is_true(report.ok > 2800)
      assert.is_true(report.maybe > 20)
   end)
end)
