local repaired = require "kenar.base.utf8"

local MARK = "\239\191\189"

describe("utf8_repair", function()
   it("leaves a valid text as it is", function()
      for _, text in ipairs { "", "plain", "قیمت", "\240\159\143\160", "a\0b", "\244\143\191\191" } do
         assert.equal(text, repaired(text))
      end
   end)

   it("puts a mark for every byte that belongs to no character, and keeps all around it", function()
      local cases = {
         ["a\255b"] = "a" .. MARK .. "b",
         ["\216"] = MARK, -- the first half of a letter
         ["قیم\216"] = "قیم" .. MARK,
         ["\128\128ی"] = MARK .. MARK .. "ی",
         ["\192\175"] = MARK .. MARK, -- an overlong slash
         ["\237\160\128"] = MARK .. MARK .. MARK, -- a surrogate
         ["\244\144\128\128x"] = MARK .. MARK .. MARK .. MARK .. "x", -- above the last code point
         ["\240\159\143\160\240\159\143"] = "\240\159\143\160" .. MARK .. MARK .. MARK,
         ["\0\254\0"] = "\0" .. MARK .. "\0",
      }
      for bytes, text in pairs(cases) do
         assert.equal(text, repaired(bytes))
      end
   end)
end)
