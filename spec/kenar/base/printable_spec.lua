local log = require "kenar.telemetry.log"
local json = require "kenar.json"
local printable = require "kenar.base.printable"

-- Each of them as it is written, and as a log shows it.
local controls = {
   ["\0"] = "\\u0000", ["\27"] = "\\u001b", ["\127"] = "\\u007f", ["\194\128"] = "\\u0080", ["\194\155"] = "\\u009b",
   ["\194\159"] = "\\u009f",
}
local bidi_controls = {
   ["\216\156"] = "\\u061c", ["\226\128\142"] = "\\u200e", ["\226\128\143"] = "\\u200f", ["\226\128\170"] = "\\u202a",
   ["\226\128\174"] = "\\u202e", ["\226\129\166"] = "\\u2066", ["\226\129\169"] = "\\u2069",
}
-- Their neighbours: a no-break space, joiners, a bullet, Persian letters, an emoji.
local harmless = { "\194\160", "\226\128\140", "\226\128\141", "\226\128\162", "می‌خواهم ۱۲", "\240\159\145\139" }

local function replace_all(text)
   return printable.replace(text, printable.escape)
end

describe("text of others", function()
   it("cannot command a terminal", function()
      for character in pairs(controls) do
         assert.equal("a?b", printable.text("a" .. character .. "b"))
      end
      assert.equal("a?[2J", printable.text "a\194\155[2J")
   end)

   it("cannot reorder what stands on a terminal", function()
      for character in pairs(bidi_controls) do
         assert.equal("ab", printable.text("a" .. character .. "b"))
      end
   end)

   it("is shown as it is otherwise", function()
      for _, text in ipairs(harmless) do
         assert.equal(text, printable.text(text))
         assert.equal(text, printable.line(text))
         assert.equal(text, replace_all(text))
      end
      assert.equal("a\n\tb", printable.text "a\n\tb")
      assert.equal("a??b", printable.line "a\n\tb")
      assert.equal("nil", printable.text(nil))
   end)

   it("has no bytes that a terminal without UTF-8 takes for control characters", function()
      assert.equal("a\239\191\189[2J", printable.text "a\155[2J")
      assert.equal("\239\191\189", printable.line "\194")
   end)

   for _, format in ipairs { "logfmt", "json" } do
      it("is escaped in a log, as " .. format, function()
         for _, list in ipairs { controls, bidi_controls } do
            for character, escaped in pairs(list) do
               local line
               local logger = log.new { format = format, now = function() return 0 end,
                  write = function(text) line = text end }
               logger:info("m", { text = "a" .. character .. "b" })
               local quoted = format == "json" and '"text":"a%sb"}' or 'text="a%sb"'
               assert.truthy(line:find(quoted:format(escaped), 1, true), line)
               if format == "json" then
                  assert.equal("a" .. character .. "b", json.decode(line).text)
               end
               logger:info("a" .. character .. "b")
               assert.falsy(line:find(character, 1, true))
            end
         end
      end)
   end
end)
