local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local message = require "kenar.message"

describe("kenar.message.action", function()
   it("gives the actions of Divar's samples", function()
      assert.same(fixture.value("reply.dynamic_action.direct_link").action,
         message.action { direct_link = "https://your-domain.com/direct-link" })
      assert.same(fixture.value("reply.dynamic_action.open_post_page").action,
         message.action { post_page = "gZd7omnS" })
      local server_link = fixture.value("reply.dynamic_action.server_link").action
      assert.same(server_link, message.action { action = server_link })
   end)

   it("gives the manage page of a post", function()
      assert.same({ open_post_manage_page = { post_token = "t" } }, message.action { post_manage_page = "t" })
   end)

   it("marks actions that lead to the bot's handlers", function()
      assert.same({ open_server_link = { data = { kenar_action = "visit", kenar_via = "bot", page = "item" } } },
         message.action({ server_link = "visit", data = { page = "item" } }, { via = "bot" }))
      assert.same({ get_dynamic_action = { data = { kenar_action = "vote" } } },
         message.action { dynamic_action = "vote" })
   end)

   it("keeps data as it is", function()
      local data = json.decode '{"big":9007199254740991,"list":[],"null":null,"deep":{"a":[1]}}'
      local action = message.action { action = { open_server_link = { data = data } } }
      assert.same(data, action.open_server_link.data)
      assert.equal(json.array_mt, getmetatable(action.open_server_link.data.list))
   end)

   local refusals = {
      { "x", "", "an action must be a table, got string" },
      { {}, "", "exactly one action: give direct_link, server_link, dynamic_action, post_page, post_manage_page, "
         .. "answer or action" },
      { { direct_link = "u", post_page = "t" }, "", "exactly one action, got direct_link and post_page" },
      { { direct_link = 5 }, "direct_link", "direct_link must be a string, got number" },
      { { server_link = "visit", data = { a = 0 / 0 } }, "data.a", nil },
      { { server_link = "visit", data = { kenar_via = "x" } }, "data.kenar_via",
         "keys that begin with kenar_ are the SDK's own: rename the key" },
      { { action = { open_link = "u" } }, "action.open_link", "unknown key in an action" },
      { { caption = "a", direct_link = "u" }, "caption", "an action has no caption or icon" },
      { { "a", direct_link = "u" }, "[1]", "an action has no caption or icon" },
      { { direct_link = "u", icon = "ADD" }, "icon", "an action has no caption or icon" },
   }
   for _, refusal in ipairs(refusals) do
      it("refuses with a path: " .. (refusal[3] or refusal[2]), function()
         local action, err = message.action(refusal[1])
         assert.is_nil(action)
         assert.equal("invalid", err.kind)
         assert.equal(refusal[2], err.path)
         if refusal[3] then
            assert.equal(refusal[3], err.message)
         end
      end)
   end
end)
