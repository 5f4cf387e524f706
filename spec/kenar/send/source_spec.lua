local kenar = require "kenar"
local scratch = require "spec.support.scratch"
local send_source = require "kenar.send.source"

describe("a source of rows", function()
   local function source(rows, total)
      return send_source.new(rows, total, 1)
   end

   it("knows how many rows a list has", function()
      local list = source { "a", "b" }
      assert.equal(2, list:total())
      assert.equal("a", list:next())
      assert.equal("row 1", list:place())
   end)

   it("does not know it of a function, unless it is told, until the end", function()
      local function once()
         local given = false
         return function()
            local row = not given and "a" or nil
            given = true
            return row
         end
      end
      local rows = source(once())
      assert.is_nil(rows:total())
      assert.equal(7, source(once(), 7):total())
      assert.equal("a", rows:next())
      assert.is_nil(rows:next())
      assert.is_nil(rows:next())
      assert.equal(1, rows:total())
   end)

   it("estimates it of a file from how much of that was read", function()
      local folder = scratch.new()
      local lines = { "key" }
      for number = 10001, 30000 do
         lines[#lines + 1] = number
      end
      local rows = source(kenar.rows.csv(folder:write("ads.csv", table.concat(lines, "\n") .. "\n")))
      assert.is_nil(rows:total())
      for _ = 1, 5000 do
         rows:next()
      end
      assert.is_true(math.abs(rows:total() - 20000) < 10, rows:total())
      assert.truthy(rows:place():find "/ads%.csv:5001$")
      rows:close()
      folder:remove()
   end)

   it("estimates it of a text", function()
      local rows = source(kenar.rows.jsonl { text = '{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n' })
      rows:next()
      assert.equal(4, rows:total())
   end)

   it("takes a table that can be called for a function", function()
      local rows = source(setmetatable({}, { __call = function() return { 1 } end }))
      assert.same({ 1 }, rows:next())
   end)

   it("ends where the rows raise, and gives what they raised", function()
      local rows = source(function() error({ "own" }) end)
      local row, err = rows:next()
      assert.is_nil(row)
      assert.equal("handler", err.kind)
      row, err = rows:next()
      assert.is_nil(row)
      assert.is_nil(err)
   end)

   it("closes a file before its end", function()
      local rows = kenar.rows.csv { text = "a\n1\n2\n" }
      local one = source(rows)
      one:next()
      one:close()
      assert.is_nil(rows())
      assert.is_nil(one:next())
   end)
end)
