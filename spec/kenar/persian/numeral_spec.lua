local numeral = require "kenar.persian.numeral"

describe("kenar.persian.numeral", function()
   it("writes digits in Persian", function()
      assert.equal("\219\176\219\177\219\178\219\179\219\180\219\181\219\182\219\183\219\184\219\185",
         numeral.digits "0123456789")
      assert.equal("پلاک ۱۲ ب ۳۴۵", numeral.digits "پلاک 12 ب ٣٤٥")
      assert.equal("۱۲۰۰۰۰۰۰۰۰۰۰۰۰۰", numeral.digits(120000000000000))
      assert.equal("۱۲", numeral.digits(12.0))
   end)

   it("writes Persian and Arabic digits in Latin ones", function()
      assert.equal("0123456789 0123456789", numeral.digits_to_latin "۰۱۲۳۴۵۶۷۸۹ ٠١٢٣٤٥٦٧٨٩")
   end)

   it("separates thousands with U+066C and decimals with U+066B, as CLDR does for Persian", function()
      assert.equal("۱۲\217\172۵۰۰\217\172۰۰۰", numeral.number(12500000))
      assert.equal("۱\217\172۲۳۴\217\171۵", numeral.number(1234.5))
      assert.equal("۹۹۹", numeral.number(999))
      assert.equal("۱٬۰۰۰", numeral.number(1000))
      assert.equal("۱۲۳٬۴۵۶", numeral.number(123456))
      assert.equal("۰", numeral.number(0))
      assert.equal("۹٬۰۰۷٬۱۹۹٬۲۵۴٬۷۴۰٬۹۹۲", numeral.number(2 ^ 53))
   end)

   it("rounds to three decimals", function()
      assert.equal("۰٫۳۳۳", numeral.number(1 / 3))
      assert.equal("۲", numeral.number(1.9999))
   end)

   it("keeps the minus sign on the left of its number", function()
      assert.equal("\226\128\142\226\136\146۵۰۰", numeral.number(-500))
      assert.equal("۰", numeral.number(-0.0001))
   end)

   it("names amounts", function()
      assert.equal("۱۲٬۵۰۰٬۰۰۰ تومان", numeral.toman(12500000))
      assert.equal("۱۰۰٬۰۰۰ ریال", numeral.rial "100000")
   end)

   it("reads the number that a person typed", function()
      assert.equal(12500000, numeral.to_number "۱۲٬۵۰۰٬۰۰۰")
      assert.equal(12500000, numeral.to_number "12,500,000")
      assert.equal(12500000, numeral.to_number " ١٢٥٠٠٠٠٠ ")
      assert.equal(-1234.5, numeral.to_number "-۱٬۲۳۴٫۵")
      assert.equal(-1234.5, numeral.to_number(numeral.number(-1234.5)))
   end)

   for _, text in ipairs { "", "دوازده", "12,34", "1,,234", ",123", "1.", "0x10", "1e3", "nan", "1 234", "12 تومان" } do
      it(("reads no number in %q"):format(text), function()
         assert.is_nil(numeral.to_number(text))
      end)
   end

   it("raises where it gets no number", function()
      local mistakes = {
         { "expected a finite number, got nil", nil },
         { "expected a finite number, got \"گران\"", "گران" },
         { "expected a finite number, got inf", math.huge },
      }
      for _, name in ipairs { "number", "toman", "rial" } do
         for _, mistake in ipairs(mistakes) do
            local ok, problem = pcall(function()
               local text = numeral[name](mistake[2])
               return text
            end)
            assert.is_false(ok)
            assert.matches("numeral_spec%.lua:%d+: ", problem)
            assert.equal(mistake[1], (problem:gsub("^.-:%d+: ", "")))
         end
      end
   end)
end)
