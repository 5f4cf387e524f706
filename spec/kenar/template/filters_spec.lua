local kenar = require "kenar"

local function text_of(source, values)
   return assert(kenar.template(source):render(values)).text
end

local function refused(source, values)
   local rendered, err = kenar.template(source):render(values)
   assert.is_nil(rendered)
   assert.equal("invalid", err.kind)
   return err.path, err.message
end

describe("filters of kenar.template", function()
   local shown = {
      { "{v|toman}", 12500000, "۱۲٬۵۰۰٬۰۰۰ تومان" },
      { "{v|toman}", "۱۲,۵۰۰", "۱۲٬۵۰۰ تومان" },
      { "{v|rial}", "100000", "۱۰۰٬۰۰۰ ریال" },
      { "{v|number}", 1234.5, "۱٬۲۳۴٫۵" },
      { "{v|digits}", "پلاک 12", "پلاک ۱۲" },
      { "{v|digits}", 12, "۱۲" },
      { "{v|digits_to_latin}", "۱۲", "12" },
      { "{v|normalise}", " كيف  نو ", "کیف نو" },
      { "{v|isolate}", "BMW ۱۲", "\226\129\166BMW\226\129\169 \226\129\166۱۲\226\129\169" },
      { "{v|truncate:5}", "سلام دنیا", "سلام…" },
      { "{v|truncate:2}", 1234, "1…" },
      { "{v|phone}", "۰۹۱۲ ۳۴۵ ۶۷۸۹", "+989123456789" },
      { "{v|jalali}", 1729429926140000, "۲۹ مهر ۱۴۰۳" },
      { "{v|jalali:full}", "2024-10-20T13:12:06.140Z", "یکشنبه ۲۹ مهر ۱۴۰۳ ساعت ۱۶:۴۲" },
      { "{v|raw}", "a/b", "a/b" },
      { "{ v | normalise | truncate:3 | isolate }", " abcd ", "\226\129\166ab\226\129\169…" },
   }
   for _, row in ipairs(shown) do
      it(("%s of %s"):format(row[1], tostring(row[2])), function()
         assert.equal(row[3], text_of(row[1], { v = row[2] }))
      end)
   end

   it("choose between one and more, and none", function()
      local function form(source, count)
         return text_of(source, { n = count })
      end
      assert.equal("یک کالا", form("{n|plural:یک کالا:# کالا}", 1))
      assert.equal("۱٬۲۰۰ کالا", form("{n|plural:یک کالا:# کالا}", 1200))
      assert.equal("۰ کالا", form("{n|plural:یک کالا:# کالا}", 0))
      assert.equal("هیچ", form("{n|plural:هیچ:یک کالا:# کالا}", 0))
      assert.equal("یک کالا", form("{n|plural:هیچ:یک کالا:# کالا}", "۱"))
      assert.equal("۰٫۵ کیلو", form("{n|plural:یک کیلو:# کیلو}", 0.5))
   end)

   local wrong = {
      { "{v|toman}", "گران", '{v|toman}: expected a number, got "گران"' },
      { "{v|toman}", {}, "{v|toman}: expected a number, got table" },
      { "{v|number}", math.huge, "{v|number}: expected a number, got inf" },
      { "{v|plural:a:b}", true, "{v|plural}: expected a number, got boolean" },
      { "{v|truncate:3}", {}, "{v|truncate}: expected a text, got table" },
      { "{v|phone}", "021 2222 3333", '{v|phone}: expected an Iranian mobile number, got "021 2222 3333"' },
      { "{v|jalali}", "دیروز", '{v|jalali}: expected a time (microseconds, seconds or RFC 3339), got "دیروز"' },
   }
   for _, row in ipairs(wrong) do
      it("refuse a value: " .. row[3], function()
         local path, problem = refused(row[1], { v = row[2] })
         assert.equal("text", path)
         assert.equal(row[3], problem)
      end)
   end

   it("may be one's own", function()
      local template = kenar.template("{name|greet:سلام:!}", { filters = {
         greet = function(value, word, mark)
            if value == "x" then
               return nil, "nobody"
            end
            return word .. " " .. value .. mark
         end,
      } })
      assert.same({ text = "سلام سارا!" }, template:render { name = "سارا" })
      assert.equal("{name|greet}: nobody", select(2, template:render { name = "x" }).message)
   end)
end)
