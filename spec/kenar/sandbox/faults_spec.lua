local faults = require "kenar.sandbox.faults"

describe("the sandbox's faults", function()
   local list

   before_each(function()
      list = faults.new { send_message = true, send_bot_message = true }
   end)

   it("strike once where nothing else is said", function()
      list:add { at = "send_message", status = 500 }
      assert.equal(500, list:take("send_message", "c").status)
      assert.is_nil(list:take("send_message", "c"))
   end)

   it("strike as often as they were told, after as many as were let pass", function()
      list:add { at = "send_message", status = 500, times = 2, skip = 1 }
      assert.is_nil(list:take "send_message")
      assert.equal(500, list:take("send_message").status)
      assert.equal(500, list:take("send_message").status)
      assert.is_nil(list:take "send_message")
   end)

   it("strike at one endpoint, or at all", function()
      list:add { at = "send_message", status = 500 }
      assert.is_nil(list:take "send_bot_message")
      list:add { at = "*", status = 503 }
      assert.equal(503, list:take("send_bot_message").status)
   end)

   it("strike in one conversation alone", function()
      list:add { at = "*", status = 500, conversation_id = "c" }
      assert.is_nil(list:take("send_message", "other"))
      assert.equal(500, list:take("send_message", "c").status)
   end)

   it("go on until cleared, if told so", function()
      list:add { at = "*", status = 500, times = math.huge }
      for _ = 1, 100 do
         assert.equal(500, list:take("send_message").status)
      end
      list:clear()
      assert.is_nil(list:take "send_message")
   end)

   it("are refused with what is wrong", function()
      local function message_of(fault)
         local rule, message = list:add(fault)
         assert.is_nil(rule)
         return message
      end
      assert.equal('at is "*" or one of send_bot_message, send_message, got send',
         message_of { at = "send", status = 500 })
      assert.equal('unknown field "stauts" of a fault', message_of { at = "*", stauts = 500 })
      assert.equal("status is a number, got a string", message_of { at = "*", status = "500" })
      assert.equal("kind is network, timeout or tls, got lost", message_of { at = "*", kind = "lost" })
      assert.equal("a fault has a status or a kind, not both", message_of { at = "*", kind = "tls", status = 500 })
      assert.equal("a fault needs a status, a kind or a delay", message_of { at = "*" })
      assert.equal("sent is no or maybe, got yes", message_of { at = "*", kind = "network", sent = "yes" })
   end)
end)
