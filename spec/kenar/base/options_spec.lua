local options = require "kenar.base.options"

local UNKNOWN = "unknown option %q of a walk"

describe("base/options", function()
   local known = {
      pace = "number", dog = true,
      side = function(value) return value ~= "left" and "expected left, got " .. tostring(value) or nil end,
   }

   it("has nothing against known names with values of their types", function()
      assert.is_nil(options.problem({}, known, UNKNOWN))
      assert.is_nil(options.problem({ pace = 1, dog = false, side = "left" }, known, UNKNOWN))
   end)

   local wrong = {
      { "a value of another type", { pace = "1" }, "pace: expected a number, got string" },
      { "what a function refuses", { side = "up" }, "side: expected left, got up" },
      { "an unknown name", { colour = 1 }, 'unknown option "colour" of a walk' },
      { "a name of which more than a third differs", { pcae = 1 }, 'unknown option "pcae" of a walk' },
      { "a name with a letter too many", { paces = 1 }, 'unknown option "paces" of a walk; did you mean pace?' },
      { "a name that is no string", { "left" }, 'unknown option "1" of a walk' },
   }
   for _, row in ipairs(wrong) do
      it("names " .. row[1], function()
         assert.equal(row[3], options.problem(row[2], known, UNKNOWN))
      end)
   end

   it("puts a prefix before the name of a value", function()
      assert.equal("walk.pace: expected a number, got string", options.problem({ pace = "1" }, known, UNKNOWN, "walk."))
      assert.equal('unknown option "colour" of a walk', options.problem({ colour = 1 }, known, UNKNOWN, "walk."))
   end)

   it("suggests no name that the text has", function()
      assert.equal("unknown option paces: a walk takes pace",
         options.problem({ paces = 1 }, { pace = true }, "unknown option %s: a walk takes pace"))
   end)

   local function raised(f, ...)
      local ok, message = pcall(f, ...)
      assert.is_false(ok)
      return message
   end

   it("raises with the line of the caller that the level names", function()
      local function walk(given)
         options.check(given, known, UNKNOWN, 2)
      end
      local function sit(given)
         options.table(given, "chair", 2)
      end
      local line = debug.getinfo(1, "l").currentline
      local messages = {
         raised(function() walk(5) end),
         raised(function() walk { colour = 1 } end),
         raised(function() sit "x" end),
      }
      local expected = {
         "options: expected a table, got number", 'unknown option "colour" of a walk',
         "chair: expected a table, got string",
      }
      for index, text in ipairs(expected) do
         local full = ("options_spec.lua:%d: %s"):format(line + 1 + index, text)
         assert.equal(full, messages[index]:match "[^/]*$")
      end
   end)
end)
