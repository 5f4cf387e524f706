local pattern_growth = require "spec.support.pattern_growth"
local pattern_sources = require "spec.support.pattern_sources"
local pattern_work = require "spec.support.pattern_work"

local function sources()
   local paths = {}
   local listing = assert(io.popen "find lua -name '*.lua' | sort")
   for path in listing:lines() do
      paths[#paths + 1] = path
   end
   listing:close()
   return paths
end

local function read(path)
   local file = assert(io.open(path, "rb"))
   local bytes = file:read "*a"
   file:close()
   return bytes
end

-- Patterns that no call shows, and why they are none of this spec's concern.
local made_elsewhere = {
   ["lua/kenar/bot/filter.lua text"] = "the program's own pattern",
   ["lua/kenar/persian/grapheme.lua rests[length]"] = "strings of the same file, each of at most three classes",
   ["lua/kenar/base/printable.lua pattern"] = "strings of the same file, each of at most three classes",
   ["lua/kenar/sandbox/judge/endpoints.lua form.pattern"] = "parts of a path between slashes, which no part holds",
   ["lua/kenar/base/utf8.lua pattern"] = "strings of the same file, each of at most four classes",
}

-- The patterns of all sources, each once: `known` holds those that calls show, `hidden` what stands for the others.
local function all_patterns()
   local known, hidden = {}, {}
   for _, path in ipairs(sources()) do
      for _, found in ipairs(pattern_sources.read(read(path))) do
         if found.pattern then
            known[found.pattern] = known[found.pattern] or ("%s:%d"):format(path, found.line)
         else
            hidden[path .. " " .. found.written] = true
         end
      end
   end
   return known, hidden
end

describe("Lua patterns in the sources", function()
   it("take time in proportion to the text, whatever the text is", function()
      local known, slow = all_patterns(), {}
      for pattern, place in pairs(known) do
         local text = pattern_growth.find(pattern)
         if text then
            slow[#slow + 1] = ("%s: %s is quadratic for texts like %q"):format(place, pattern, text:sub(1, 12))
         end
      end
      table.sort(slow)
      assert.same({}, slow)
   end)

   it("are shown by the calls that use them, but for a few", function()
      local known, hidden = all_patterns()
      local count = 0
      for _ in pairs(known) do
         count = count + 1
      end
      assert.is_true(count > 150, count)
      local expected = {}
      for place in pairs(made_elsewhere) do
         expected[place] = true
      end
      assert.same(expected, hidden)
   end)
end)

describe("the search for slow patterns", function()
   it("finds those that have held a bot, and their kin", function()
      for _, pattern in ipairs {
         "(.-)%s*$", "^%s*(.-)%s*$", "^/(%S+)%s*(.-)%s*$", "%s+$", "/+$", "[^/]+$", "([^%s;,=]+)=([^%s;,]*)",
         "([^,]*),", "(.-)\r\n", "^%d+%d+$", "^(%a+)%s*%w*x$", "a*b", "^.*x.*y$", "%.?0+$", ".-;",
         "^([%w._-]+):?(%d*)$",
      } do
         assert.is_string(pattern_growth.find(pattern), pattern)
      end
   end)

   it("passes over those whose repetitions exclude each other", function()
      for _, pattern in ipairs {
         "^%s*(%d+)%s*$", "^([^=]*)=(.*)$", "[^&]+", "%s+", "^(.*)/[^/]*$", "^(.*[^/])/*$", "^(.-)::(.*)$", "%.(%w+)$",
         "()(%S+)()", "^%a[%w+.-]*://[^/?#]+([^?#]*)%??([^#]*)", "", "^$", "0?0?0?$", "%f[%w]%w+",
      } do
         assert.is_nil(pattern_growth.find(pattern), pattern)
      end
   end)

   it("reads patterns out of sources: methods, functions, constants, joined strings, over lines", function()
      local function patterns(source)
         local list = {}
         for i, found in ipairs(pattern_sources.read(source)) do
            list[i] = found.pattern or "? " .. found.written
         end
         return list
      end
      assert.same({ "a+" }, patterns "local x = text:match 'a+'")
      assert.same({ "a+", "^b" }, patterns 'return text:gsub("a+", "c"):find("^b", 2)')
      assert.same({ "a*" }, patterns "for each in string.gmatch(f(x, y), [[a*]]) do end")
      assert.same({ "%s+$" }, patterns "local gsub = string.gsub\nlocal y = gsub(\n   text, -- why\n   '%s+$', ''\n)")
      assert.same({ "-x$" }, patterns "local DASH = '-'\nreturn text:find(DASH .. name .. '$')")
      assert.same({ "^a-$" }, patterns "local list = { '^a-$' }")
      assert.same({ "? list[i]" }, patterns "return text:find(list[i])")
      assert.same({}, patterns "return text:find('a.-', 1, true), grants:find { 'a' }, schemes.find(url, 'x*')")
      assert.same({}, patterns "-- text:match 'a+'\n--[[ text:match 'b+' ]]")
      assert.same({}, patterns "local function find(a, b) return find(a, 'c*') end")
   end)

   it("counts what the machine does: once a byte, or once for each pair of bytes", function()
      local spaces = (" "):rep(1000) .. "x"
      assert.is_true(pattern_work.first(spaces, "^%s*$") < 3000)
      assert.is_true(pattern_work.first(spaces, "%s+$") > 1000 * 1000 / 2)
      assert.is_true(pattern_work.all(spaces, "%s+") < 3000)
      assert.is_true(pattern_work.first(spaces, "^(.-)%s*$") > 1000 * 1000 / 2)
      assert.error(function() pattern_work.first(spaces, "%s+$", 1, 5000, "too slow") end, "too slow")
   end)
end)
