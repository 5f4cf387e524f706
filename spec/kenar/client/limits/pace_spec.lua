local paces = require "kenar.client.limits.pace"

describe("kenar.client.limits.pace", function()
   local pace

   before_each(function()
      pace = paces.new()
   end)

   local function count(calls, now)
      for _ = 1, calls do
         pace:count(now)
      end
   end

   -- How many calls leave from `now` on for so many seconds, when each leaves as soon as it may.
   local function leave(now, seconds)
      local count_of, ends = 0, now + seconds
      while now < ends do
         local delay = pace:delay(now)
         if delay == 0 then
            pace:take(now)
            count_of = count_of + 1
            assert.is_true(count_of < 1e5)
         else
            now = now + delay
         end
      end
      return count_of
   end

   it("delays no call as long as none was refused", function()
      count(1000, 1)
      assert.equal(0, pace:delay(1))
      assert.is_false(pace.is_slowed)
   end)

   it("delays all calls until the pause is over", function()
      pace:refuse(100, pace.round, 7)
      assert.equal(7, pace:delay(100))
      assert.equal(0.5, pace:delay(106.5))
      assert.equal(0, pace:delay(107))
   end)

   it("lets one call pass then, and the others when it was accepted", function()
      count(80, 10.5)
      pace:refuse(11, pace.round, 2)
      pace:take(13)
      assert.is_near(1 / 40, pace:delay(13), 1e-9)
      pace:accept(pace.round)
      assert.equal(0, pace:delay(13))
   end)

   it("goes on at half the pace at which it was refused, and grows by a tenth of that each second", function()
      count(80, 10.5)
      pace:refuse(11, pace.round, 2)
      pace:accept(pace.round)
      -- 40 at once and 40 in the second; 8 a second more in each of those that follow.
      assert.is_near(40 + 44, leave(13, 1), 2)
      assert.is_near(40 + 44 + 52 + 60, 84 + leave(14, 2), 4)
   end)

   it("is free when it has grown to twice the pace at which it was refused", function()
      count(80, 10.5)
      pace:refuse(11, pace.round, 2)
      pace:accept(pace.round)
      leave(13, 14)
      assert.is_true(pace.is_slowed)
      pace:delay(13 + (160 - 40) / 8)
      assert.is_false(pace.is_slowed)
   end)

   it("halves again with each refusal, and falls below no two calls a second", function()
      count(80, 10.5)
      local now = 11
      for _ = 1, 10 do
         pace:refuse(now, pace.round, 0)
      end
      pace:accept(pace.round)
      pace._growth = 0
      assert.is_near(2 + 2 * 10, leave(now, 10), 1)
   end)

   it("takes the refusals of calls that left together as one", function()
      count(80, 10.5)
      local round = pace.round
      pace:refuse(11, round, 1)
      for _ = 1, 20 do
         pace:refuse(11.1, round, 5)
      end
      assert.equal(1, pace.refusals)
      assert.is_near(0.9, pace:delay(11.1), 1e-9)
      pace:accept(pace.round)
      assert.is_near(84, leave(12, 1), 2)
   end)

   it("heeds the Retry-After of each of them", function()
      local round = pace.round
      pace:refuse(11, round, 1)
      pace:refuse(11, round, 9.5, 9)
      assert.equal(9, pace:delay(11))
   end)

   it("believes no Retry-After beyond a day", function()
      pace:refuse(0, pace.round, 1e9, 1e9)
      assert.equal(86400, pace:delay(0))
   end)

   it("forgets how often it was refused in a row when a later call was taken, and not for an earlier one", function()
      local early = pace.round
      pace:refuse(0, pace.round, 1)
      pace:refuse(2, pace.round, 1)
      pace:accept(early)
      assert.equal(2, pace.refusals)
      pace:accept(pace.round)
      assert.equal(0, pace.refusals)
   end)
end)
