local persian = require "kenar.persian"

describe("kenar.persian", function()
   it("writes Arabic ye and kaf as the Persian letters", function()
      assert.equal("یک کیف", persian.normalise "يك كيف")
      assert.equal("یی", persian.normalise "يى")
   end)

   it("drops direction marks and tatweel, and keeps zero-width non-joiners", function()
      assert.equal("سلام", persian.normalise "\226\128\143سـلام\226\128\142\226\129\169")
      assert.equal("می\226\128\140خواهم", persian.normalise "مي\226\128\140خواهم")
   end)

   it("trims and folds white space", function()
      assert.equal("قیمت چند", persian.normalise "  قيمت \n\t چند ")
   end)

   it("leaves other letters, Latin and emoji alone", function()
      local text = "Peugeot 206 — مدل ۹۸ 🚗 «نو»"
      assert.equal(text, persian.normalise(text))
   end)

   it("turns the digits of both scripts into 0-9", function()
      assert.equal("0123456789 0123456789", persian.digits_to_latin "۰۱۲۳۴۵۶۷۸۹ ٠١٢٣٤٥٦٧٨٩")
      assert.equal("سلام 1", persian.digits_to_latin "سلام ۱")
   end)
end)
