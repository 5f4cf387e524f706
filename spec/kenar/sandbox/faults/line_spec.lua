local fault_line = require "kenar.sandbox.faults.line"
local faults = require "kenar.sandbox.faults"

describe("a fault in one line", function()
   it("is read field by field", function()
      assert.same({
         at = "send_bot_message", status = 429, retry_after = 2, rate = 0.05, times = 3, conversation_id = "a-b",
      }, fault_line.read "at=send_bot_message, status=429,retry_after=2,rate=0.05,times=3,conversation_id=a-b")
      assert.same({ at = "*", kinds = { "drop", "429", "half" }, times = "forever", processed = true },
         fault_line.read "at=*,kinds=drop+429+half,times=forever,processed=true")
   end)

   it("is refused with what is wrong", function()
      local function message_of(line)
         local fault, message = fault_line.read(line)
         assert.is_nil(fault)
         return message
      end
      assert.equal('expected name=value, got "drop"', message_of "at=*,drop")
      assert.equal('unknown field "stauts" of a fault', message_of "at=*,stauts=5")
      assert.equal('status is a number, got "many"', message_of "at=*,status=many")
      assert.equal('headers is a table, got "x"', message_of "at=*,headers=x")
      assert.equal('processed is a boolean, got "yes"', message_of "at=*,processed=yes")
   end)

   it("says what struck", function()
      local list = faults.new { send_message = "call", NEW_MESSAGE = "event" }
      local function written(at, line)
         assert(list:add(assert(fault_line.read(line))))
         return fault_line.write(list:take(at))
      end
      assert.equal("429, Retry-After 2", written("send_message", "at=*,status=429,retry_after=2"))
      assert.equal("drop", written("send_message", "at=*,kind=drop"))
      assert.equal("drop, carried out", written("send_message", "at=*,kind=drop,processed=true"))
      assert.equal("reset_after", written("send_message", "at=*,kind=reset_after"))
      assert.equal("delay, 0.5 s", written("NEW_MESSAGE", "at=webhook,delay=0.5"))
      assert.equal("duplicate", written("NEW_MESSAGE", "at=webhook,kind=duplicate"))
   end)
end)
