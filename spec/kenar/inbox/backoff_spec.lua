local backoff = require "kenar.inbox.backoff"

describe("kenar.inbox.backoff", function()
   it("waits for 1 second at least, and for a span that doubles up to 300 seconds at most", function()
      for attempts, longest in pairs { 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 } do
         for _ = 1, 50 do
            local delay = backoff.delay(attempts)
            assert.is_true(delay >= 1 and delay <= longest)
         end
      end
   end)

   it("is not the same for all", function()
      local different, first = 0, backoff.delay(8)
      for _ = 1, 50 do
         different = different + (backoff.delay(8) ~= first and 1 or 0)
      end
      assert.is_true(different > 40)
   end)

   it("is what the handler asks for, from nothing to an hour", function()
      assert.equal(0, backoff.delay(3, 0))
      assert.equal(0, backoff.delay(3, -1))
      assert.equal(900.5, backoff.delay(3, 900.5))
      assert.equal(3600, backoff.delay(3, 1e9))
   end)
end)
