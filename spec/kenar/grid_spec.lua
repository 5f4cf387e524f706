local grid = require "kenar.grid"
local message = require "kenar.message"

local function buttons(count)
   local list = {}
   for i = 1, count do
      list[i] = { tostring(i), direct_link = "u" }
   end
   return list
end

local function sizes(rows)
   local list = {}
   for i, row in ipairs(rows) do
      list[i] = #row
   end
   return table.concat(list, " ")
end

describe("kenar.grid", function()
   it("arranges a flat list in rows of three", function()
      assert.equal("1", sizes(grid(buttons(1))))
      assert.equal("3", sizes(grid(buttons(3))))
      assert.equal("3 1", sizes(grid(buttons(4))))
      assert.equal("3 3 3", sizes(grid(buttons(9))))
   end)

   it("keeps the buttons in their order", function()
      local list = buttons(5)
      local rows = grid(list)
      assert.equal(list[1], rows[1][1])
      assert.equal(list[4], rows[2][1])
      assert.equal(list[5], rows[2][2])
   end)

   it("does not change the list", function()
      local list = buttons(4)
      grid(list)
      assert.same(buttons(4), list)
   end)

   it("takes rows as they are", function()
      local rows = { buttons(2), { buttons = buttons(1) } }
      assert.equal(rows, grid(rows))
      rows = { { buttons = buttons(1) } }
      assert.equal(rows, grid(rows))
   end)

   it("takes Divar's own form as it is", function()
      local rows = { rows = { { buttons = buttons(2) } } }
      assert.equal(rows, grid(rows))
   end)

   it("takes an empty list", function()
      assert.same({}, grid {})
   end)

   it("gives the same rows as a message makes of the flat list", function()
      local list = buttons(7)
      assert.equal(message.encode("bot", { text = "x", buttons = list }),
         message.encode("bot", { text = "x", buttons = grid(list) }))
   end)

   local mistakes = {
      { "a grid has at most 9 buttons, got 10", buttons(10) },
      { "a grid: expected a list of buttons, got string", "x" },
      { "a grid: expected a list of buttons, got nil", nil },
      { "a grid: expected a list of buttons without gaps or names", { "a", direct_link = "u" } },
      { "a grid: expected a list of buttons without gaps or names", { buttons(1)[1], nil, buttons(1)[1] } },
      { "a grid: expected a button at 2, got string", { buttons(1)[1], "x" } },
   }
   for _, mistake in ipairs(mistakes) do
      it("raises where the mistake is: " .. mistake[1], function()
         local ok, problem = pcall(function()
            grid(mistake[2])
         end)
         assert.is_false(ok)
         assert.matches("grid_spec%.lua:%d+: ", problem)
         assert.equal(mistake[1], (problem:gsub("^.-:%d+: ", "")))
      end)
   end
end)
