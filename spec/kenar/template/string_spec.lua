local json = require "kenar.json"
local kenar = require "kenar"

local function render(source, values)
   return assert(kenar.template(source):render(values))
end

describe("strings of kenar.template", function()
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
end)
