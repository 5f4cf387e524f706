local grapheme = require "kenar.persian.grapheme"

local ZWJ, VARIATION = "\226\128\141", "\239\184\143"

local function characters(text)
   local list, position = {}, 1
   while position <= #text do
      local following = grapheme.next(text, position)
      list[#list + 1] = text:sub(position, following - 1)
      position = following
   end
   return list
end

describe("kenar.persian.grapheme", function()
   local one = {
      ["a Persian letter with its vowel"] = "سَ",
      ["a letter with two marks"] = "دّٖ",
      ["a Latin letter and a combining accent"] = "e\204\129",
      ["a letter with a zero-width non-joiner behind it"] = "ی\226\128\140",
      ["an emoji with a skin tone"] = "👍🏽",
      ["a heart with its variation selector"] = "❤" .. VARIATION,
      ["a keycap"] = "1" .. VARIATION .. "\226\131\163",
      ["a family"] = "👨" .. ZWJ .. "👩" .. ZWJ .. "👧" .. ZWJ .. "👦",
      ["two people of different skin and a heart"] = "👩🏽" .. ZWJ .. "❤" .. VARIATION .. ZWJ .. "👨🏻",
      ["a flag"] = "🇮🇷",
      ["the flag of Scotland, of seven code points"] = "🏴\243\160\129\167\243\160\129\162\243\160\129\179"
         .. "\243\160\129\163\243\160\129\180\243\160\129\191",
      ["Hangul that is not composed"] = "\225\132\146\225\133\161\225\134\171",
      ["a Devanagari letter with its vowel"] = "\224\164\149\224\164\190",
      ["a line end of Windows"] = "\r\n",
   }
   for name, text in pairs(one) do
      it("takes for one character " .. name, function()
         assert.same({ text }, characters(text))
      end)
   end

   it("separates what does not belong together", function()
      assert.same({ "س", "ل", "ا", "م" }, characters "سلام")
      assert.same({ "🇮🇷", "🇮🇷", "🇦" }, characters "🇮🇷🇮🇷🇦")
      assert.same({ "👍", "👍🏽" }, characters "👍👍🏽")
      assert.same({ "👨" .. ZWJ, "a" }, characters("👨" .. ZWJ .. "a"))
      assert.same({ "\n", "\204\129" }, characters "\n\204\129")
      assert.same({ "a" .. ZWJ, "👨" }, characters("a" .. ZWJ .. "👨"))
   end)

   it("takes a byte that is not UTF-8 for a character", function()
      assert.same({ "a", "\255", "\217", "b" }, characters "a\255\217b")
      assert.same({ "\226", "\130" }, characters "\226\130")
   end)

   it("counts what people see, not direction marks", function()
      assert.equal(4, grapheme.count "سلام")
      assert.equal(3, grapheme.count "\226\129\166abc\226\129\169\226\128\143")
      assert.equal(0, grapheme.count "")
   end)
end)
