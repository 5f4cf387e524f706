local bidi = require "kenar.persian.bidi"

local LRI, PDI = "\226\129\166", "\226\129\169"

-- ⟦ and ⟧ stand for U+2066 and U+2069.
local function shown(text)
   return (text:gsub(LRI, "⟦"):gsub(PDI, "⟧"))
end

describe("kenar.persian.bidi", function()
   it("writes U+2066 and U+2069", function()
      assert.equal("خودرو \226\129\166BMW\226\129\169 نو", bidi.isolate "خودرو BMW نو")
   end)

   local isolated = {
      { "names with their numbers", "گوشی ⟦iPhone 13 Pro⟧ سالم" },
      { "numbers", "قیمت ⟦1200⟧ و ⟦۱۲٬۵۰۰٬۰۰۰⟧ تومان" },
      { "a name and a price behind it, each by itself", "⟦Galaxy A54⟧ ⟦۱۲⟧ میلیون" },
      { "and with a dash between them", "⟦Galaxy A54⟧ - ⟦۱۲⟧ میلیون" },
      { "a name with punctuation in it", "⟦Samsung - 128 GB⟧ سالم" },
      { "a phone number with its plus and its spaces", "تلفن: ⟦+98 912 345 6789⟧ است" },
      { "a phone number in Persian digits", "تلفن ⟦۰۹۱۲-۳۴۵-۶۷۸۹⟧" },
      { "dates and times", "⟦۱۴۰۳/۰۷/۲۹⟧ ساعت ⟦۱۶:۴۲⟧ - ⟦۱۷:۰۰⟧" },
      { "a negative number", "دما ⟦-5⟧ درجه" },
      { "signs that belong to a word", "⟦.ir⟧ و ⟦C++⟧ و ⟦C#⟧ و ⟦@kenar⟧ و ⟦50%⟧" },
      { "Persian percentages without their sign", "⟦۵۰⟧٪ و ⟦۵۰⟧%" },
      { "words in brackets, which stay outside", "کد (⟦VIN⟧) را" },
      { "brackets inside a name", "گوشی ⟦iPhone (128 GB)⟧ نو" },
      { "brackets where a name begins", "⟦(128GB) iPhone⟧ نو" },
      { "nested brackets", "⟦a (b [c])⟧ نو" },
      { "the items of a Persian list", "⟦iPhone⟧، ⟦Samsung⟧ و ⟦LG⟧" },
      { "lines, each by itself", "⟦iPhone⟧\n⟦Samsung⟧" },
      { "accents with their letters", "⟦cafe\204\129⟧ خوب" },
      { "an address of mail", "به ⟦info@shop.ir⟧ بنویسید" },
      { "the end of a sentence outside", "نام: ⟦BMW⟧." },
   }
   for _, row in ipairs(isolated) do
      it("isolates " .. row[1], function()
         local plain = row[2]:gsub("⟦", ""):gsub("⟧", "")
         local once = bidi.isolate(plain)
         assert.equal(row[2], shown(once))
         assert.equal(once, bidi.isolate(once))
      end)
   end

   local bare = {
      { "Persian text", "سلام، می‌خواهم بپرسم." },
      { "nothing", "" },
      { "emoji", "ممنون 🙏🏽 👨‍👩‍👧" },
      { "links, whose end a mark would spoil", "https://divar.ir/v/قیمت-iphone و www.divar.ir و divar.ir/v/gZd7" },
      { "what is isolated", "نام ⟦BMW ۱۲⟧ و \226\129\168iPhone\226\129\169 نو" },
      { "what is embedded in the older way", "نام \226\128\170BMW\226\128\172 نو" },
      { "what is isolated to the end of its line", "نام \226\129\167BMW" },
   }
   for _, row in ipairs(bare) do
      it("leaves alone " .. row[1], function()
         local text = row[2]:gsub("⟦", LRI):gsub("⟧", PDI)
         assert.equal(text, bidi.isolate(text))
      end)
   end

   it("isolates what stands behind an isolate that its line has ended", function()
      assert.equal("⟦BMW\n⟦iPhone⟧", shown(bidi.isolate(LRI .. "BMW\niPhone")))
   end)

   it("tells what closes a text that was cut", function()
      assert.equal(PDI, bidi.closing("قیمت " .. LRI .. "iPh"))
      assert.equal("", bidi.closing("قیمت " .. LRI .. "iPhone" .. PDI .. " است…"))
      assert.equal("\226\128\172" .. PDI, bidi.closing(LRI .. "a\226\128\170b"))
      assert.equal("", bidi.closing(LRI .. "a\nb"))
   end)
end)
