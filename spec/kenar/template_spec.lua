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
