local core = require "kenar.core"

describe("kenar.core clocks", function()
   it("has a clock that never goes back, and agrees with os.time on the date", function()
      local before = core.clock()
      assert.is_true(core.clock() >= before)
      assert.is_true(math.abs(core.now() - os.time()) < 2)
   end)

   it("counts the processor time of this process", function()
      local before = core.cpu()
      local sum = 0
      for number = 1, 1000000 do
         sum = sum + number
      end
      assert.equal(500000500000, sum)
      assert.is_true(core.cpu() > before)
   end)
end)
