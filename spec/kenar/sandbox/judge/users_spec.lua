local kenar = require "kenar"
local states = require "kenar.sandbox.judge.state"
local testing = require "kenar.testing"

describe("the sandbox's users", function()
   local function new()
      return states.new { now = function() return 0 end }
   end

   it("have a slash in one id of four, so that an app which does not escape ids works with the others", function()
      local state, slashes = new(), 0
      for i = 1, 400 do
         local id = state:user("user " .. i).id
         assert.truthy(id:find "^[%w+/]+=$", id)
         assert.equal(44, #id)
         slashes = slashes + (id:find("/", 1, true) and 1 or 0)
      end
      assert.is_true(slashes > 80 and slashes < 120, slashes)
   end)

   it("have different ids, the same in every sandbox", function()
      local seen, state, other = {}, new(), new()
      for i = 1, 2000 do
         local name = ("%d سارا"):format(i)
         local id = state:user(name).id
         assert.is_nil(seen[id])
         seen[id] = name
         assert.equal(id, state:user(name).id)
      end
      for id, name in pairs(seen) do
         assert.equal(id, other:user(name).id)
      end
   end)

   it("keep the ids of a state that was saved before", function()
      local state = new()
      local id = "+/++c2FyYSAgICAgICAgICAgICAgICAgICAgICAgICA="
      state:put_users { [id] = { id = id, name = "sara", phone = "09990000001", legacy_id = "1" } }
      assert.equal(id, state:user("sara").id)
      assert.not_equal(id, state:user("reza").id)
   end)

   it("are written to by kenar whatever their ids have", function()
      local bot, with, without = kenar.bot {}, nil, nil
      local divar = testing.divar(bot)
      for i = 1, 20 do
         local user = divar.judge.state:user("user " .. i)
         if user.id:find("/", 1, true) then
            with = user
         else
            without = user
         end
      end
      for _, user in ipairs { with, without } do
         divar.judge.state:grant("token", user.id, { "CHAT_BOT_USER_MESSAGE_SEND" })
         assert(bot.client:send_bot_message_to_user(user.id, { text = "سلام" }, { access_token = "token" }))
      end
   end)
end)
