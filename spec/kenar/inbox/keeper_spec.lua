local keepers = require "kenar.inbox.keeper"
local virtual = require "kenar.host.virtual"

describe("kenar.inbox.keeper", function()
   local host, calls, next_at

   before_each(function()
      host = virtual.new()
      calls, next_at = {}, math.huge
   end)

   local function keeper()
      return keepers.new(host, function(now)
         calls[#calls + 1] = now
         local at = next_at
         next_at = math.huge
         return at
      end)
   end

   it("calls when the moment has come, and is no task before and after", function()
      local subject = keeper()
      assert.equal(0, host:count())
      subject:wake_by(5)
      host:advance(4)
      assert.same({}, calls)
      host:advance(2)
      assert.equal(1, #calls)
      assert.is_true(calls[1] >= 5)
      assert.equal(0, host:count())
   end)

   it("calls for the earliest of several moments, once", function()
      local subject = keeper()
      for _, at in ipairs { 7, 5, 6 } do
         subject:wake_by(at)
      end
      host:advance(10)
      assert.same({ 5 }, calls)
   end)

   it("calls again when it was told to", function()
      local subject = keeper()
      subject:wake_by(5)
      next_at = 8
      host:advance(10)
      assert.same({ 5, 8 }, calls)
   end)

   it("begins anew when it had ended", function()
      local subject = keeper()
      subject:wake_by(5)
      host:advance(10)
      subject:wake_by(15)
      host:advance(10)
      assert.same({ 5, 15 }, calls)
   end)

   it("calls no more when it was stopped, or its host is", function()
      local subject = keeper()
      subject:wake_by(5)
      subject:stop()
      host:advance(10)
      local other = keeper()
      other:wake_by(15)
      host:stop()
      other:wake_by(15)
      host:advance(10)
      assert.same({}, calls)
      assert.equal(0, host:count())
   end)
end)
