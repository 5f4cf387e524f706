local core = require "kenar.core"

describe("kenar.core.utf8_valid", function()
   it("accepts every length of sequence up to the last code point", function()
      for _, text in ipairs { "", "a", "\0", "سلام", "€", "🚗", "\244\143\191\191", "\239\191\191", ("ی"):rep(1000) } do
         assert.is_true(core.utf8_valid(text))
      end
   end)

   it("names the first byte that is wrong", function()
      local cases = {
         ["\128"] = 1, ["ab\255"] = 3, ["\192\128"] = 1, ["\193\191"] = 1, ["\224\159\191"] = 1,
         ["\240\143\191\191"] = 1,
         ["\237\160\128"] = 1, ["\244\144\128\128"] = 1, ["\245\128\128\128"] = 1, ["سلام\217"] = 9,
         ["\226\130"] = 1, [("a"):rep(100) .. "\200"] = 101, [("ی"):rep(50) .. "\200a"] = 101,
      }
      for text, offset in pairs(cases) do
         local valid, at = core.utf8_valid(text)
         assert.is_false(valid)
         assert.equal(offset, at)
      end
   end)
end)
