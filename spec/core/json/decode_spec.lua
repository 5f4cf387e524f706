local core = require "kenar.core"

local array_mt = {}
local decode = core.codec({ array_mt = array_mt }).decode

local has_integers = math.type ~= nil

-- Shows the control characters of a document in the message of a failed assertion.
local function shown(document)
   return (("%q"):format(document):gsub("%c", "?"))
end

local function refused(document, message, offset, ...)
   local value, got_message, got_offset = decode(document, ...)
   assert.is_nil(value, shown(document))
   assert.equal(message, got_message, shown(document))
   assert.equal(offset, got_offset, shown(document))
end

describe("kenar.core decode: values", function()
   it("reads every kind", function()
      assert.same({ a = { 1, "b", true, false, { c = {} } } }, decode '{"a":[1,"b",true,false,{"c":{}}]}')
      assert.equal("", decode '""')
      assert.is_true(decode "true")
      assert.is_false(decode "false")
   end)

   it("reads null as cjson's and ngx's null, so that the key stays", function()
      assert.equal(core.null, decode "null")
      assert.same({ a = core.null, [1] = nil }, decode '{"a":null}')
      assert.same({ core.null, 1 }, decode "[null,1]")
   end)

   it("takes the four white space characters between tokens, and no others", function()
      assert.same({ a = { 1, 2 } }, decode ' \t\r\n{ \n\t"a" :\r\n [ 1 ,\n                          2 ]}\n ')
      refused("[1,\f2]", "not a JSON value", 4)
      refused("[1\v]", "a comma or ] must follow", 3)
      refused("\194\1601", "not a JSON value", 1)
   end)

   it("gives arrays, also the empty one, the metatable that says so, and objects none", function()
      assert.equal(array_mt, getmetatable(decode "[]"))
      assert.equal(array_mt, getmetatable(decode("[[1]]")[1]))
      assert.is_nil(getmetatable(decode "{}"))
   end)

   it("reads documents of any size into tables of that size", function()
      local parts = {}
      for i = 1, 5000 do
         parts[i] = ('{"id":%d,"name":"n%d"}'):format(i, i)
      end
      local list = decode("[" .. table.concat(parts, ",") .. "]")
      assert.equal(5000, #list)
      assert.same({ id = 4711, name = "n4711" }, list[4711])
   end)
end)

describe("kenar.core decode: numbers", function()
   it("reads integers as integers where the VM has them", function()
      if has_integers then
         assert.equal("integer", math.type(decode "1"))
         assert.equal("integer", math.type(decode "-9223372036854775808"))
         assert.equal("9223372036854775807", tostring(decode "9223372036854775807"))
      end
      assert.equal(1729429926141234, decode "1729429926141234")
      assert.equal("1729429926141234", ("%.0f"):format(decode "1729429926141234"))
      assert.equal(-12345678, decode "-12345678")
   end)

   it("reads fractions, exponents and -0 as floats", function()
      for document, value in pairs { ["1.0"] = 1, ["2.5e-1"] = 0.25, ["1E+2"] = 100, ["0e5"] = 0, ["-1.5"] = -1.5 } do
         assert.equal(value, decode(document))
         if has_integers then
            assert.equal("float", math.type(decode(document)))
         end
      end
      assert.equal(-math.huge, 1 / decode "-0")
      assert.equal(math.huge, 1 / decode "0.0")
   end)

   it("reads what fits no integer as the nearest double", function()
      assert.equal(9223372036854775808.0, decode "9223372036854775808")
      assert.equal(-9223372036854777856.0, decode "-9223372036854777856")
      assert.equal(1e30, decode "1000000000000000000000000000000")
      assert.equal(0.1, decode "0.1000000000000000055511151231257827021181583404541015625")
      assert.equal(0, decode "1e-400")
      if not has_integers then
         assert.equal(9007199254740992, decode "9007199254740993")
      end
   end)

   it("refuses a number too large for a double: it could not be written again", function()
      refused("[1e400]", "a number too large for a double", 2)
      refused("-1e309", "a number too large for a double", 1)
   end)
end)

describe("kenar.core decode: strings", function()
   it("reads every escape", function()
      assert.equal('"\\/\b\f\n\r\t', decode [["\"\\\/\b\f\n\r\t"]])
      assert.equal("A\0é", decode [["\u0041\u0000\u00e9"]])
      assert.equal("سلام", decode [["\u0633\u0644\u0627\u0645"]])
      assert.equal("🚗 and more", decode [["\ud83d\uDE97 and more"]])
   end)

   it("reads UTF-8 as it is, wherever the string lies", function()
      for _, text in ipairs { "سلام", "می‌خواهم", "🚗", "a€b", ("ی"):rep(100), "\127", ("آ 🚗"):rep(30) } do
         for length = 0, 20 do
            local string = ("x"):rep(length) .. text
            assert.equal(string, decode('"' .. string .. '"'))
         end
      end
   end)

   it("refuses what is not UTF-8, in values and in keys", function()
      refused('"ab\255"', "not valid UTF-8", 4)
      refused('"\192\128"', "not valid UTF-8", 2)
      refused('"\237\160\128"', "not valid UTF-8", 2)
      refused('"سلام\217"', "not valid UTF-8", 10)
      refused('{"\200":1}', "not valid UTF-8", 3)
      refused('{"a":"' .. ("ی"):rep(50) .. '\128"}', "not valid UTF-8", 107)
   end)

   it("refuses half of a surrogate pair", function()
      refused([["a\ud800"]], "half of a surrogate pair", 3)
      refused([["\udc00"]], "half of a surrogate pair", 2)
      refused([["\ud83d\u0041"]], "half of a surrogate pair", 2)
      refused([["\ud83dx"]], "half of a surrogate pair", 2)
      refused([["\ud83d\ud83d"]], "half of a surrogate pair", 2)
   end)

   it("refuses escapes that JSON has not, and control characters", function()
      refused([["\x41"]], "no such escape", 3)
      refused([["\U0041"]], "no such escape", 3)
      refused([["\u00g0"]], "\\u needs four hexadecimal digits", 2)
      refused('"a\tb"', "a control character in a string", 3)
      refused('"a\0b"', "a control character in a string", 3)
   end)
end)

describe("kenar.core decode: objects", function()
   it("refuses a key that stands there twice, however it is spelled", function()
      refused('{"a":1,"a":2}', "a key for the second time in one object", 8)
      refused([[{"a":1,"\u0061":2}]], "a key for the second time in one object", 8)
      refused('{"b":{"a":1},"a":1, "b":2}', "a key for the second time in one object", 21)
      local longer = ("k"):rep(100)
      refused(('{"%s":1,"%s":2}'):format(longer, longer), "a key for the second time in one object", 107)
   end)

   it("takes a key again in another object", function()
      assert.same({ a = { a = { a = 1 } }, b = { a = 2 } }, decode '{"a":{"a":{"a":1}},"b":{"a":2}}')
      assert.same({ { a = 1 }, { a = 2 } }, decode '[{"a":1},{"a":2}]')
   end)

   it("tells keys apart that begin alike", function()
      local long = ("a"):rep(15)
      local keys = { "", "a", "aa", "a\0", long .. "a", long .. "b", long .. "aa", "کلید", "کلیدها" }
      local parts = {}
      for i, key in ipairs(keys) do
         parts[i] = ('"%s":%d'):format(key:gsub("%z", "\\u0000"), i)
      end
      for _ = 1, 5 do
         local object = decode("{" .. table.concat(parts, ",") .. "}")
         for i, key in ipairs(keys) do
            assert.equal(i, object[key])
         end
      end
   end)
end)

-- Lua-cjson 2.1.0 takes every one of these for JSON.
local taken_by_cjson = {
   ["01"] = 1, ["-01"] = 2, ["00"] = 1, ["[012]"] = 2, ["1."] = 3, ["[1.]"] = 4, ["-.5"] = 2, ["1.e5"] = 3,
   ["2.e+3"] = 3, ["0.e1"] = 3, ["+1"] = 1, ["+0"] = 1, ["0x10"] = 2, ["-0x10"] = 3, ["0X1F"] = 2, ["0x1p4"] = 2,
   ["NaN"] = 1, ["-NaN"] = 2, ["nan"] = 2, ["nan(1)"] = 2, ["Infinity"] = 1, ["-Infinity"] = 2, ["inf"] = 1,
   ["-inf"] = 2, ["INF"] = 1, ["infinity"] = 1, ["1e400"] = 1, ["-1e400"] = 1,
   ['"\t"'] = 2, ['"\n"'] = 2, ['"\r"'] = 2, ['"\1"'] = 2, ['"\31"'] = 2,
   ['"\255"'] = 2, ['"\192\128"'] = 2, ['"\237\160\128"'] = 2, ['"\216"'] = 2,
   ['{"a":1,"a":2}'] = 8, ["[1]\0"] = 4,
}

local taken_by_nobody = {
   [""] = 1, ["  "] = 3, ["["] = 2, ["{"] = 2, ['{"a"'] = 5, ['{"a":'] = 6, ['"abc'] = 5, ['"\\'] = 3, ['"\\u12'] = 2,
   ["tru"] = 4, ["nul"] = 4, ["True"] = 1, ["truth"] = 4, ["-"] = 2, ["1e"] = 3, ["1e+"] = 4, [".5"] = 1, ["1.5."] = 4,
   ["[1,]"] = 4, ['{"a":1,}'] = 8, ["[,1]"] = 2, ["[1 2]"] = 4, ["[1}"] = 3, ['{"a":1]'] = 7, ['{"a" 1}'] = 6,
   ["{1:2}"] = 2, ["'a'"] = 1, ["1 2"] = 3, ["1,"] = 2, ["1x"] = 2, ["]"] = 1, ["{]"] = 2, ["//x\n1"] = 1,
   ["/**/1"] = 1, ["\239\187\191[]"] = 1, ["\0"] = 1, ["1_000"] = 2, ['{"a":1}{}'] = 8,
}

describe("kenar.core decode: what is not JSON", function()
   it("is refused where lua-cjson takes it, with the offset", function()
      for document, offset in pairs(taken_by_cjson) do
         local value, message, at = decode(document)
         assert.is_nil(value, shown(document))
         assert.is_string(message)
         assert.equal(offset, at, shown(document))
      end
   end)

   it("is refused at the first byte that does not fit, or behind the last when bytes are missing", function()
      for document, offset in pairs(taken_by_nobody) do
         local value, _, at = decode(document)
         assert.is_nil(value, shown(document))
         assert.equal(offset, at, shown(document))
      end
   end)

   it("is refused wherever a document is cut off", function()
      local document = [[{"a":[1.5e-3,true,null,"x\u0041\ud83d\ude97"],"b":{"c":false}}]]
      assert.is_table(decode(document))
      for length = 0, #document - 1 do
         local value, message, offset = decode(document:sub(1, length))
         assert.is_nil(value)
         assert.is_string(message)
         assert.is_true(offset <= length + 1)
      end
   end)

   it("raises for anything but a string", function()
      for _, value in ipairs { 1, true, {} } do
         assert.error_matches(function() decode(value) end, "string expected")
      end
      assert.error_matches(function() decode() end, "string expected")
   end)
end)

describe("kenar.core decode: limits", function()
   local function nested(depth)
      return ("["):rep(depth) .. ("]"):rep(depth)
   end

   it("reads 64 levels, or as many as it is told", function()
      assert.is_table(decode(nested(64)))
      refused(nested(65), "nested too deep", 65)
      refused(('{"a":'):rep(65) .. "1" .. ("}"):rep(65), "nested too deep", 64 * 5 + 1)
      assert.is_table(decode(nested(1000), nil, 1000))
      refused(nested(3), "nested too deep", 3, nil, 2)
      refused("[]", "nested too deep", 1, nil, 0)
      assert.equal(1, (decode("1", nil, 0)))
   end)

   it("reads as many bytes as it is told", function()
      assert.is_table(decode("[1]", 3))
      refused("[1] ", "longer than 3 bytes", 4, 3)
   end)

   it("raises for limits that make no sense", function()
      assert.error_matches(function() decode("1", -1) end, "bad argument")
      assert.error_matches(function() decode("1", nil, 1001) end, "0 to 1000 expected")
   end)
end)
