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

   it("drops the zero-width non-joiners that show nothing", function()
      assert.equal("می\226\128\140خواهم", persian.normalise "می\226\128\140\226\128\140خواهم\226\128\140")
      assert.equal("کتاب ها", persian.normalise "\226\128\140کتاب\226\128\140 \226\128\140ها")
      assert.equal("کارها", persian.normalise "کار\226\128\140ها") -- re never joins the next letter
   end)

   it("folds no-break spaces", function()
      assert.equal("قیمت چند", persian.normalise "قیمت\194\160چند\226\128\175")
   end)

   it("turns the digits of both scripts into 0-9", function()
      assert.equal("0123456789 0123456789", persian.digits_to_latin "۰۱۲۳۴۵۶۷۸۹ ٠١٢٣٤٥٦٧٨٩")
      assert.equal("سلام 1", persian.digits_to_latin "سلام ۱")
   end)

   it("has the numbers of kenar.persian.numeral and the isolates of kenar.persian.bidi", function()
      assert.equal("۱۲", persian.digits(12))
      assert.equal("۱٬۲۵۰", persian.number(1250))
      assert.equal("۱٬۲۵۰ تومان", persian.toman(1250))
      assert.equal("۱٬۲۵۰ ریال", persian.rial(1250))
      assert.equal(1250, persian.to_number "۱٬۲۵۰")
      assert.equal("خودرو \226\129\166BMW\226\129\169", persian.isolate "خودرو BMW")
   end)

   describe("phone", function()
      local written = {
         "+989123456789", "00989123456789", "989123456789", "09123456789", "9123456789", "+98 (0) 912 345 67 89",
         "۰۹۱۲ ۳۴۵ ۶۷۸۹", "٠٩١٢-٣٤٥-٦٧٨٩", "0912.345.6789", "0912\226\128\147345\226\136\1466789",
         "\226\129\166+98 912 345 6789\226\129\169", "\226\128\14209123456789\194\160",
      }
      for _, text in ipairs(written) do
         it("reads " .. text, function()
            assert.equal("+989123456789", persian.phone(text))
         end)
      end

      local others = {
         "", "سلام", "021 2222 3333", "0912345678", "091234567890", "9891234567", "+449123456789", "912345678",
         "0912 345 6789 یا 0935", "+98+9123456789", "0912/345/6789",
      }
      for _, text in ipairs(others) do
         it(("reads no mobile number in %q"):format(text), function()
            assert.is_nil(persian.phone(text))
         end)
      end
   end)

   describe("truncate", function()
      it("keeps what is short enough", function()
         assert.equal("سلام", persian.truncate("سلام", 4))
         assert.equal("", persian.truncate("", 1))
      end)

      it("counts the ellipsis", function()
         assert.equal("سل…", persian.truncate("سلام", 3))
         assert.equal("سل...", persian.truncate("سلام دنیا", 5, "..."))
         assert.equal("سلام", persian.truncate("سلام دنیا", 4, ""))
      end)

      it("leaves the ellipsis out where nothing else would have a place", function()
         assert.equal("س", persian.truncate("سلام", 1))
         assert.equal("سلا", persian.truncate("سلام", 3, "..."))
      end)

      it("leaves no space and no non-joiner before the ellipsis", function()
         assert.equal("سلام…", persian.truncate("سلام دنیا", 6))
         assert.equal("می…", persian.truncate("می\226\128\140خواهم", 3))
      end)

      it("never cuts a character", function()
         local family = "👨\226\128\141👩\226\128\141👧"
         assert.equal(family .. "…", persian.truncate(family .. family .. family, 2))
         assert.equal("🇮🇷🇮🇷…", persian.truncate("🇮🇷🇮🇷🇮🇷🇮🇷", 3))
         assert.equal("👍🏽…", persian.truncate("👍🏽👍🏽👍🏽", 2))
         assert.equal("سَلَ…", persian.truncate("سَلَامٌ", 3))
         assert.equal("❤\239\184\143…", persian.truncate("❤\239\184\143❤\239\184\143❤", 2))
      end)

      it("does not count direction marks, and closes the isolate that it cuts", function()
         local text = persian.isolate "قیمت iPhone 13"
         assert.equal(text, persian.truncate(text, 14))
         assert.equal("قیمت \226\129\166iPh\226\129\169…", persian.truncate(text, 9))
         assert.equal("قیمت…", persian.truncate(text, 6))
      end)

      it("raises where the limit is none", function()
         for _, limit in ipairs { 0, -1, 1.5, "3" } do
            local ok, problem = pcall(function()
               local text = persian.truncate("سلام", limit)
               return text
            end)
            assert.is_false(ok)
            assert.equal("expected a number of characters, at least 1, got " .. limit, (problem:gsub("^.-:%d+: ", "")))
         end
      end)
   end)

   describe("jalali", function()
      it("writes a sent_at in Persian, on Iran's calendar and clock", function()
         assert.equal("۲۹ مهر ۱۴۰۳", persian.jalali(1729429926140000))
         assert.equal("۱۴۰۳/۰۷/۲۹", persian.jalali(1729429926140000, "numeric"))
         assert.equal("۱۶:۴۲", persian.jalali(1729429926140000, "time"))
         assert.equal("یکشنبه ۲۹ مهر ۱۴۰۳ ساعت ۱۶:۴۲", persian.jalali(1729429926140000, "full"))
      end)

      it("takes every form that Divar has sent", function()
         for _, sent_at in ipairs { "1729429926140000", 1729429926140, "1729429926", "2024-10-20T13:12:06.140Z" } do
            assert.equal("یکشنبه ۲۹ مهر ۱۴۰۳ ساعت ۱۶:۴۲", persian.jalali(sent_at, "full"))
         end
      end)

      it("begins the day at midnight in Iran", function()
         assert.equal("۲۵ تیر ۱۴۰۴", persian.jalali "2025-07-16T20:29:59Z")
         assert.equal("۲۶ تیر ۱۴۰۴", persian.jalali "2025-07-16T20:30:00Z")
      end)

      it("raises where there is no time and no such style", function()
         assert.error_matches(function() persian.jalali "دیروز" end, "expected a time .*, got دیروز$")
         assert.error_matches(function() persian.jalali(0, "roman") end, "unknown style roman: expected date,")
      end)
   end)
end)
