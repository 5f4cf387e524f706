local button = require "kenar.button"
local message = require "kenar.message"

describe("kenar.button", function()
   it("builds a direct link", function()
      assert.same({ "سایت", direct_link = "https://example.com" }, button.direct_link("سایت", "https://example.com"))
   end)

   it("builds a server link with data and icon", function()
      assert.same({ "دیدن", server_link = "visit", data = { page = "item" }, icon = "STORE" },
         button.server_link("دیدن", "visit", { page = "item" }, { icon = "STORE" }))
   end)

   it("builds a server link without data", function()
      assert.same({ "دیدن", server_link = "visit" }, button.server_link("دیدن", "visit"))
      assert.same({ "دیدن", server_link = "visit", icon = "STORE" },
         button.server_link("دیدن", "visit", nil, { icon = "STORE" }))
   end)

   it("builds a dynamic action", function()
      assert.same({ "بله", dynamic_action = "vote", data = { answer = "yes" } },
         button.dynamic_action("بله", "vote", { answer = "yes" }))
   end)

   it("builds links to a post's pages", function()
      assert.same({ "آگهی", post_page = "gZd7omnS" }, button.post_page("آگهی", "gZd7omnS"))
      assert.same({ "مدیریت", post_manage_page = "gZd7omnS", icon = "SETTINGS" },
         button.post_manage_page("مدیریت", "gZd7omnS", { icon = "SETTINGS" }))
   end)

   it("builds answers of the plain types", function()
      assert.same({ "بله", answer = "yes" }, button.answer("بله", "yes"))
      assert.same({ "سه", answer = 3 }, button.answer("سه", 3))
      assert.same({ "نه", answer = false }, button.answer("نه", false))
   end)

   it("builds tables that messages take", function()
      assert.is_string(message.encode("bot", { text = "x", buttons = {
         button.direct_link("a", "u"), button.server_link("b", "visit", { x = 1 }),
         button.dynamic_action("c", "vote"), button.post_page("d", "t"), button.post_manage_page("e", "t"),
         button.answer("f", true, { icon = "ADD" }),
      } }))
   end)
end)

describe("kenar.button: a mistake", function()
   local mistakes = {
      { "caption: expected a string, got nil", function() button.direct_link(nil, "u") end },
      { "caption: expected a string, got number", function() button.answer(5, "yes") end },
      { "direct_link: expected a string, got table", function() button.direct_link("a", {}) end },
      { "server_link: expected a string, got nil", function() button.server_link("a") end },
      { "server_link: expected the name of a handler, got an empty string",
         function() button.server_link("a", "") end },
      { "post_page: expected a string, got number", function() button.post_page("a", 7) end },
      { "answer: expected a string, got table", function() button.answer("a", {}) end },
      { "data: expected a table, got string", function() button.dynamic_action("a", "vote", "yes") end },
      { "data.kenar_via: names that begin with kenar_ are the SDK's own",
         function() button.dynamic_action("a", "vote", { kenar_via = "bot" }) end },
      { "options: expected a table, got string", function() button.direct_link("a", "u", "ADD") end },
      { "unknown option icn: a button takes icon", function() button.direct_link("a", "u", { icn = "ADD" }) end },
      { "icon: expected a string, got boolean", function() button.post_page("a", "t", { icon = true }) end },
   }
   for _, mistake in ipairs(mistakes) do
      it("raises where it was made: " .. mistake[1], function()
         local ok, problem = pcall(mistake[2])
         assert.is_false(ok)
         assert.matches("button_spec%.lua:%d+: ", problem)
         assert.equal(mistake[1], (problem:gsub("^.-:%d+: ", "")))
      end)
   end
end)
