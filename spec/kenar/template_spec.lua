local errors = require "kenar.error"
local json = require "kenar.json"
local kenar = require "kenar"
local message = require "kenar.message"

local function render(source, values)
   return assert(kenar.template(source):render(values))
end

local function text_of(source, values)
   return render(source, values).text
end

-- The problem that a call raises, without the place of the call.
local function raised(source, options)
   local ok, problem = pcall(function()
      local template = kenar.template(source, options)
      return template
   end)
   assert.is_false(ok)
   assert.matches("^%S*template_spec%.lua:%d+: ", problem)
   return (problem:gsub("^.-:%d+: ", ""))
end

local function refused(source, values)
   local rendered, err = kenar.template(source):render(values)
   assert.is_nil(rendered)
   assert.is_true(errors.is(err))
   assert.equal("invalid", err.kind)
   return err.path, err.message
end

describe("kenar.template", function()
   it("fills a message with texts and buttons", function()
      local offer = kenar.template {
         text = "سلام {name}\nقیمت: {price|toman}",
         buttons = {
            { "دیدن {name}", direct_link = "https://shop.example.ir/items/{id}", icon = "LAUNCH" },
            { "سفارش", server_link = "order", data = { item = "{id}" } },
         },
      }
      assert.same({
         text = "سلام سارا\nقیمت: ۱۲٬۵۰۰٬۰۰۰ تومان",
         buttons = {
            { "دیدن سارا", direct_link = "https://shop.example.ir/items/7", icon = "LAUNCH" },
            { "سفارش", server_link = "order", data = { item = 7 } },
         },
      }, offer:render { name = "سارا", price = 12500000, id = 7 })
   end)

   it("makes what kenar.message.encode writes", function()
      local filled = render({ text = "سلام {name}", buttons = { { "بله", dynamic_action = "vote",
         data = { answer = "{answer}" } } } }, { name = "سارا", answer = "yes" })
      assert.equal('{"type":"TEXT","text_message":"سلام سارا","buttons":{"rows":[{"buttons":[{"action":'
         .. '{"get_dynamic_action":{"data":{"kenar_action":"vote","answer":"yes"}}},"caption":"بله"}]}]}}',
         message.encode("bot", filled))
   end)

   it("takes a text alone", function()
      assert.same({ text = "سلام سارا" }, render("سلام {name}", { name = "سارا" }))
   end)

   it("takes what a file returns", function()
      local path = os.tmpname()
      local file = assert(io.open(path, "w"))
      file:write 'return { text = "سلام {name}", buttons = { { "سایت", direct_link = "{site}" } } }'
      file:close()
      local filled = render(dofile(path), { name = "سارا", site = "https://shop.example.ir/" })
      os.remove(path)
      assert.same({ text = "سلام سارا", buttons = { { "سایت", direct_link = "https://shop.example.ir/" } } }, filled)
   end)

   it("is compiled once: what happens to the source later does not matter", function()
      local source = { text = "سلام {name}", buttons = { { "بله", answer = true } } }
      local template = kenar.template(source)
      source.text, source.buttons[1][1] = "{", "نه"
      assert.same({ text = "سلام سارا", buttons = { { "بله", answer = true } } }, template:render { name = "سارا" })
   end)

   it("makes a new message each time", function()
      local template = kenar.template { text = "سلام", buttons = { { "بله", answer = "yes" } } }
      local first = template:render()
      first.buttons[1][1] = "نه"
      assert.same({ text = "سلام", buttons = { { "بله", answer = "yes" } } }, template:render())
   end)

   describe("placeholders", function()
      it("look into tables and lists", function()
         assert.equal("سارا، تهران، دوم", text_of("{user.name}، {user.home.city}، {items.2}",
            { user = { name = "سارا", home = { city = "تهران" } }, items = { "اول", "دوم" } }))
      end)

      it("have names in any script, with spaces around", function()
         assert.equal("سلام سارا", text_of("سلام { نام }", { ["نام"] = "سارا" }))
      end)

      it("show whole numbers as such", function()
         assert.equal("7 7 -3 2.5 120000000000000",
            text_of("{a} {b} {c} {d} {e}", { a = 7, b = 7.0, c = -3, d = 2.5, e = 120000000000000 }))
      end)

      it("are braces where these are doubled", function()
         assert.equal("{name} {سارا}", text_of("{{name}} {{{name}}}", { name = "سارا" }))
         assert.equal("{}", text_of("{{}}"))
      end)

      it("put a value in as it is and never read it again", function()
         assert.equal("{price} %1 {{ | \\ <b>\nx", text_of("{name}", { name = "{price} %1 {{ | \\ <b>\nx", price = 1 }))
      end)

      it("fill any string of the message", function()
         assert.same({ media_token = "t1", seller_buttons = { { { "a", post_page = "p1", icon = "CHAT" } } } },
            render({ media_token = "{media}", seller_buttons = { { { "a", post_page = "{post}", icon = "{icon}" } } } },
               { media = "t1", post = "p1", icon = "CHAT" }))
      end)
   end)

   describe("a missing value", function()
      it("is an error with the path and the name", function()
         local path, problem = refused("سلام {name}", {})
         assert.equal("text", path)
         assert.equal("no value for {name}", problem)
         assert.equal("invalid: text: no value for {name}", tostring(select(2, kenar.template("{name}"):render {})))
      end)

      it("has the path that kenar.message.encode would give", function()
         local source = { text = "سلام", buttons = { { { "سایت", direct_link = "https://x.ir/{user.id}" } } } }
         local path, problem = refused(source, { user = {} })
         assert.equal("buttons[1][1].direct_link", path)
         assert.equal("no value for {user.id}", problem)
         assert.equal("sender_buttons.rows[1].buttons[2][1]", (refused({ text = "a", sender_buttons = { rows = {
            { buttons = { { "a", post_page = "p" }, { "{name}", post_page = "p" } } } } } }, {})))
         assert.equal("buttons[1].data.user.id", (refused({ text = "a",
            buttons = { { "a", server_link = "b", data = { user = { id = "{id}" } } } } }, {})))
      end)

      it("is nil, null or empty; false and 0 are there", function()
         for _, values in ipairs { {}, { name = json.null }, { name = "" } } do
            assert.equal("no value for {name}", select(2, refused("{name}", values)))
         end
         assert.equal("0", text_of("{name}", { name = 0 }))
      end)

      it("is missing below what is no table", function()
         assert.equal("no value for {user.name}", select(2, refused("{user.name}", { user = "سارا" })))
         assert.equal("no value for {user.name}", select(2, refused("{user.name}")))
      end)

      it("is told of the same string each time, where there are several", function()
         for _ = 1, 5 do
            assert.equal("buttons[1][1]", (refused({ text = "{a}", buttons = { { "{b}", post_page = "{c}" } } }, {})))
         end
      end)
   end)

   it("refuses a value that cannot be shown", function()
      assert.equal("{a}: expected a string or a number, got table", select(2, refused("{a}", { a = {} })))
      assert.equal("{a}: expected a string or a number, got boolean", select(2, refused("{a}", { a = true })))
      assert.equal("{a}: expected a string or a number, got inf", select(2, refused("{a}", { a = math.huge })))
      assert.equal("{a}: expected a string or a number, got table", select(2, refused(
         { text = "a", buttons = { { "a", dynamic_action = "b", data = { a = "{a}" } } } }, { a = {} })))
   end)

   describe("optional placeholders", function()
      it("leave out their line", function()
         local template = kenar.template "سلام {name}\n{note?}\nتخفیف: {discount?|toman}\nخدانگهدار"
         assert.same({ text = "سلام سارا\nنو\nتخفیف: ۵۰۰ تومان\nخدانگهدار" },
            template:render { name = "سارا", note = "نو", discount = 500 })
         assert.same({ text = "سلام سارا\nخدانگهدار" }, template:render { name = "سارا", note = "" })
      end)

      it("keep empty lines that have none", function()
         assert.equal("a\n\nb\n", text_of("a\n\n{x?}\nb\n", {}))
      end)

      it("leave out a string that has no line left", function()
         assert.same({ text = "a", buttons = { { "b", post_page = "p" } } },
            render({ text = "a", buttons = { { "b", post_page = "p", icon = "{icon?}" } } }, {}))
         assert.same({ text = "a", buttons = { { "b", server_link = "s" } } },
            render({ text = "a", buttons = { { "b", server_link = "s", data = { note = "{note?}" } } } }, {}))
      end)

      it("do not hide another value that is missing", function()
         assert.equal("no value for {name}", select(2, refused("{note?}\n{name}", {})))
      end)

      it("leave a message with nothing to kenar.message.encode", function()
         local _, err = message.encode("bot", render("{note?}", {}))
         assert.equal("a message needs a text or a media_token", err.message)
      end)
   end)

   describe("optional buttons", function()
      local function button(name)
         return { name, post_page = "p", when = name }
      end

      local function captions(source, values)
         local filled = render({ text = "a", buttons = source }, values)
         local bytes = assert(message.encode("bot", filled))
         local rows = {}
         for index, row in ipairs((json.decode(bytes).buttons or { rows = {} }).rows) do
            local names = {}
            for _, each in ipairs(row.buttons) do
               names[#names + 1] = each.caption
            end
            rows[index] = table.concat(names, " ")
         end
         return table.concat(rows, " / ")
      end

      it("stand where their value does and is not false", function()
         local source = { button "a", button "b.c" }
         assert.equal("a b.c", captions(source, { a = true, b = { c = 1 } }))
         assert.equal("b.c", captions(source, { a = false, b = { c = "x" } }))
         assert.equal("a", captions(source, { a = 0, b = "x" }))
         assert.equal("a", captions(source, { a = "x", b = { c = json.null } }))
      end)

      it("let a flat list wrap at three of those that are left", function()
         local source = { button "a", button "b", button "c", button "d", button "e" }
         assert.equal("a b c / d e", captions(source, { a = 1, b = 1, c = 1, d = 1, e = 1 }))
         assert.equal("b c d / e", captions(source, { b = 1, c = 1, d = 1, e = 1 }))
      end)

      it("take their row with them when it is empty", function()
         local rows = { { button "a" }, { button "b", button "c" } }
         assert.equal("b c", captions(rows, { b = 1, c = 1 }))
         assert.equal("a / c", captions(rows, { a = 1, c = 1 }))
         rows = { rows = { { buttons = { button "a" } }, { buttons = { button "b" } } } }
         assert.equal("b", captions(rows, { b = 1 }))
      end)

      it("take the grid with them when it is empty", function()
         assert.equal("", captions({ button "a" }, {}))
         assert.equal("", captions({ { button "a" }, { button "b" } }, {}))
         assert.equal("", captions({ rows = { { buttons = { button "a" } } } }, {}))
      end)

      it("may be a whole row", function()
         local source = { { { "x", post_page = "p" } }, { when = "owner", { "y", post_page = "p" }, button "z" } }
         assert.equal("x / y", captions(source, { owner = true }))
         assert.equal("x", captions(source, { z = true }))
      end)

      it("need no values where they are left out", function()
         assert.equal("", captions({ { "{name}", post_page = "{post}", when = "post" } }, {}))
      end)

      it("are not what a button's data calls `when`", function()
         assert.same({ text = "a", buttons = { { "b", server_link = "s", data = { when = "tomorrow" } } } },
            render({ text = "a", buttons = { { "b", server_link = "s", data = { when = "tomorrow" } } } }, {}))
      end)
   end)

   describe("links", function()
      local function link(source, values)
         return render({ text = "a", buttons = { { "b", direct_link = source } } }, values).buttons[1].direct_link
      end

      it("have their values percent-encoded", function()
         assert.equal("https://x.ir/s?q=%DA%AF%D9%88%D8%B4%DB%8C%20%26%2F%3F%231",
            link("https://x.ir/s?q={q}", { q = "گوشی &/?#1" }))
      end)

      it("are taken whole from one placeholder", function()
         assert.equal("https://x.ir/a?b=c", link("{link}", { link = "https://x.ir/a?b=c" }))
      end)

      it("take a part as it is with the filter raw", function()
         assert.equal("https://x.ir/items/a%2Fb", link("{site|raw}/items/{id}", { site = "https://x.ir", id = "a/b" }))
      end)

      it("are encoded in Divar's form too, and nothing else is", function()
         assert.same({ text = "a&b", buttons = { { "a&b", action = { open_direct_link = "https://x.ir/a%26b" } } } },
            render({ text = "{v}", buttons = { { "{v}", action = { open_direct_link = "https://x.ir/{v}" } } } },
               { v = "a&b" }))
      end)
   end)

   describe("data", function()
      local function data(source, values)
         local filled = render({ text = "a", buttons = { { "b", dynamic_action = "c", data = source } } }, values)
         return filled.buttons[1].data
      end

      it("keeps numbers and booleans that a placeholder alone gives", function()
         assert.same({ id = 7, is_new = false, text = "7", name = "x" },
            data({ id = "{id}", is_new = "{is_new}", text = "{id|digits_to_latin}", name = "{name}" },
               { id = 7, is_new = false, name = "x" }))
         assert.same({ n = "no 7" }, data({ n = "no {id}" }, { id = 7 }))
      end)

      it("passes on what is no string", function()
         local list = setmetatable({ 1, 2 }, json.array_mt)
         local filled = data({ list = list, null = json.null, n = 1, flag = true }, {})
         assert.same({ list = { 1, 2 }, null = json.null, n = 1, flag = true }, filled)
         assert.equal(json.array_mt, getmetatable(filled.list))
         assert.same({}, data({}, {}))
      end)

      it("is what an answer is", function()
         assert.equal(5, render({ text = "a", buttons = { { "b", answer = "{n}" } } }, { n = 5 }).buttons[1].answer)
      end)
   end)

   describe("filters", function()
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

   describe("syntax errors", function()
      local mistakes = {
         { "سلام {name", "text: line 1, column 6: a { that is not closed: write {{ for a brace" },
         { "سلام\nقیمت {price|toman\n}", "text: line 2, column 6: a { that is not closed: write {{ for a brace" },
         { "{a{b}}", "text: line 1, column 1: a { that is not closed: write {{ for a brace" },
         { "یک\nدو\nسه } چهار", "text: line 3, column 4: a } without its {: write }} for a brace" },
         { "{}", 'text: line 1, column 2: expected a name in the braces, got ""' },
         { "{a b}", 'text: line 1, column 2: expected a name in the braces, got "a b"' },
         { "{a..b}", 'text: line 1, column 2: expected a name in the braces, got "a..b"' },
         { "{.a}", 'text: line 1, column 2: expected a name in the braces, got ".a"' },
         { "{a.}", 'text: line 1, column 2: expected a name in the braces, got "a."' },
         { "{1}", 'text: line 1, column 2: expected a name in the braces, got "1"' },
         { "قیمت {price|digits|tomn}", 'text: line 1, column 20: unknown filter "tomn": filters are digits, '
            .. "digits_to_latin, isolate, jalali, normalise, number, phone, plural, raw, rial, toman, truncate" },
         { "{a|toman:3}", "text: line 1, column 4: filter toman: takes no argument" },
         { "{a|truncate}", "text: line 1, column 4: filter truncate: takes the number of characters, truncate:20" },
         { "{a|truncate:0}", "text: line 1, column 4: filter truncate: takes the number of characters, truncate:20" },
         { "{a|jalali:roman}", "text: line 1, column 4: filter jalali: takes one of date, numeric, time, full" },
         { "{a|plural:x}", "text: line 1, column 4: filter plural: takes one:other or zero:one:other" },
      }
      for _, row in ipairs(mistakes) do
         it("raise: " .. row[2]:sub(1, 80), function()
            assert.equal(row[2], raised(row[1]))
         end)
      end

      it("say where in the message they are", function()
         assert.equal("buttons[1][2].direct_link: line 1, column 14: a { that is not closed: write {{ for a brace",
            raised { text = "a", buttons = { { { "a", post_page = "p" }, { "b", direct_link = "https://x.ir/{" } } } })
      end)
   end)

   it("raises where a template is none", function()
      assert.equal("expected a message or a text, got nil", raised(nil))
      assert.equal("expected a message or a text, got number", raised(7))
      assert.equal("unknown option filter: a template takes filters", raised("a", { filter = {} }))
      assert.equal("filter up: expected a function, got string", raised("a", { filters = { up = "x" } }))
      assert.equal("when: a button or a row may have it, a message may not", raised { text = "a", when = "b" })
      assert.equal("buttons[1].when: expected the name of a value",
         raised { text = "a", buttons = { { "a", post_page = "p", when = true } } })
      assert.equal("buttons[1].when: expected the name of a value",
         raised { text = "a", buttons = { { "a", post_page = "p", when = "b?" } } })
      local endless = {}
      endless.data = endless
      assert.matches("nested more than 16 deep", raised { text = "a", buttons = endless })
      assert.error_matches(function() kenar.template("a"):render "x" end, "expected a table of values, got string")
   end)
end)
