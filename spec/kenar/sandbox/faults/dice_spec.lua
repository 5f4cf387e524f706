local dice = require "kenar.sandbox.faults.dice"

describe("seeded draws", function()
   local function draws(seed, stream, count)
      local generator, list = dice.new(seed, stream), {}
      for i = 1, count do
         list[i] = ("%.12f"):format(generator:draw())
      end
      return list
   end

   it("are the same for the same seed, on every VM", function()
      assert.same({ "0.738558316844", "0.040360701024", "0.980594473579" }, draws(7, 1, 3))
   end)

   it("differ by seed and by stream from the first on", function()
      local seen = {}
      for seed = 0, 9 do
         for stream = 1, 10 do
            local first = draws(seed, stream, 1)[1]
            assert.is_nil(seen[first])
            seen[first] = true
         end
      end
   end)

   it("lie evenly from 0 to 1", function()
      local generator, tenths = dice.new(1, 1), {}
      for _ = 1, 10000 do
         local draw = generator:draw()
         assert.is_true(draw >= 0 and draw < 1)
         local tenth = math.floor(draw * 10) + 1
         tenths[tenth] = (tenths[tenth] or 0) + 1
      end
      for tenth = 1, 10 do
         assert.is_true(math.abs(tenths[tenth] - 1000) < 120, ("%d in the tenth %d"):format(tenths[tenth], tenth))
      end
   end)

   it("pick each of n", function()
      local generator, picked = dice.new(3, 2), {}
      for _ = 1, 100 do
         picked[generator:pick(3)] = true
      end
      assert.same({ true, true, true }, picked)
   end)

   it("take large seeds", function()
      assert.not_same(draws(2 ^ 53 - 1, 1, 2), draws(2 ^ 53 - 2, 1, 2))
   end)
end)
