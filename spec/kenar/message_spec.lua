local errors = require "kenar.error"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local message = require "kenar.message"

describe("kenar.message.encode", function()
   it("gives the body of Divar's request", function()
      assert.same(fixture.value "out.send_message.text",
         json.decode(message.encode("conversation", { text = "سلام، پیام آزمایشی" })))
      assert.same(fixture.value "out.chatbot_send.text",
         json.decode(message.encode("bot", { text = "hello, World!" })))
   end)

   it("hands its options on", function()
      assert.same(fixture.value "out.chatbot_send.no_type",
         json.decode(message.encode("bot", { text = "hello, World!" }, { send_type = false })))
   end)

   it("writes a list that was decoded back as a list", function()
      local bytes = message.encode("bot", { text = "x", buttons = {
         { "a", dynamic_action = "vote", data = { list = json.decode "[]" } },
      } })
      assert.matches('"list":[]', bytes, 1, true)
   end)

   it("returns an error with the place if a rule is broken", function()
      local row = {}
      for i = 1, 4 do
         row[i] = { tostring(i), direct_link = "u" }
      end
      local body, err = message.encode("conversation", { text = "x", buttons = { { row[1] }, row } })
      assert.is_nil(body)
      assert.is_true(errors.is(err))
      assert.equal("invalid", err.kind)
      assert.equal("buttons[2][4]", err.path)
      assert.equal("at most 3 buttons", err.message)
      assert.equal("invalid: buttons[2][4]: at most 3 buttons", tostring(err))
   end)

   it("names the kinds it knows when it does not know one", function()
      local body, err = message.encode("letter", { text = "x" })
      assert.is_nil(body)
      assert.equal('unknown kind of message letter: it is "conversation" or "bot"', err.message)
      assert.equal("", err.path)
   end)

   it("raises for an unknown option in its caller's line", function()
      local ok, problem = pcall(function()
         local body = message.encode("bot", { text = "x" }, { strict_icon = true })
         return body
      end)
      assert.is_false(ok)
      assert.matches("message_spec%.lua:%d+: unknown option 'strict_icon'", problem)
   end)
end)
