local kenar = require "kenar"

-- The problem that a call raises, without the place of the call.
local function raised(source)
   local ok, problem = pcall(function()
      local template = kenar.template(source)
      return template
   end)
   assert.is_false(ok)
   assert.matches("^%S*parser_spec%.lua:%d+: ", problem)
   return (problem:gsub("^.-:%d+: ", ""))
end

describe("syntax errors of kenar.template", function()
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
