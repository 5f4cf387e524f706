local core = require "kenar.core"

describe("kenar.core trim", function()
   it("takes what Lua calls white space off both ends, or off the end", function()
      local space = " \t\n\v\f\r"
      assert.equal("a b", core.trim(space .. "a b" .. space))
      assert.equal(space .. "a b", core.trim_end(space .. "a b" .. space))
      for _, text in ipairs { "", "a", "سلام", "\0", "\0 \0", "\194\160", "\8", "\14", "\31" } do
         assert.equal(text, core.trim(text))
         assert.equal(text, core.trim(" " .. text .. " "))
         assert.equal(text, core.trim_end(text .. "\n"))
      end
      assert.equal("", core.trim(space))
      assert.equal("", core.trim_end(space))
   end)

   it("does for every byte what a pattern does", function()
      for byte = 0, 255 do
         local text = string.char(byte) .. "x" .. string.char(byte)
         assert.equal(text:match "^%s*(.-)%s*$", core.trim(text))
      end
   end)

   it("takes a string and nothing else", function()
      for _, fn in ipairs { core.trim, core.trim_end } do
         assert.error_matches(function() fn() end, "string expected")
         assert.error_matches(function() fn {} end, "string expected")
      end
   end)
end)
