local core = require "kenar.core"

local array_mt, empty_array_mt, empty_array = {}, {}, {}
local codec = core.codec { array_mt = array_mt, empty_array_mt = empty_array_mt, empty_array = empty_array }
local encode, decode = codec.encode, codec.decode

local nan = 0 / 0

local function refused(value, message, path)
   local bytes, got_message, got_path = encode(value)
   assert.is_nil(bytes)
   assert.equal(message, got_message)
   assert.equal(path, got_path)
end

describe("kenar.core encode: values", function()
   it("writes every kind", function()
      assert.equal("true", encode(true))
      assert.equal("false", encode(false))
      assert.equal("null", encode(core.null))
      assert.equal("null", encode(nil))
      assert.equal('"a"', encode "a")
      assert.equal('[1,"b",[true],{"c":null}]', encode { 1, "b", { true }, { c = core.null } })
   end)

   it("escapes what must be, and nothing else", function()
      assert.equal([["\"\\\b\f\n\r\t\u0000\u001f"]], encode '"\\\b\f\n\r\t\0\31')
      assert.equal('"/ \127 \226\128\168 سلام 🚗"', encode "/ \127 \226\128\168 سلام 🚗")
      assert.equal([[{"\"k\"\n":1}]], encode { ['"k"\n'] = 1 })
   end)

   it("writes strings of any length", function()
      for _, piece in ipairs { "a", "ی", "🚗", '"', "می‌خواهم\n" } do
         for count = 0, 40 do
            local string = piece:rep(count)
            assert.equal(string, decode(encode(string)))
         end
      end
      local megabyte = ("کنار! "):rep(100000)
      assert.equal('"' .. megabyte .. '"', encode(megabyte))
   end)
end)

describe("kenar.core encode: numbers", function()
   it("writes whole numbers without point or exponent, floats too", function()
      assert.equal("[0,1,-1,1729429926141234,9007199254740992]", encode { 0, 1, -1, 1729429926141234, 2 ^ 53 })
      assert.equal("[1,-3,100]", encode { 1.0, -3.0, 1e2 })
      if math.type then
         local bytes = "[9223372036854775807,-9223372036854775808]"
         assert.equal(bytes, encode(decode(bytes)))
      end
   end)

   it("writes the shortest digits that read back to the same number", function()
      assert.equal("[0.1,0.30000000000000004,0.3333333333333333]", encode { 0.1, 0.1 + 0.2, 1 / 3 })
      assert.equal("[35.7219,-51.33575,1e-7,0.000001]", encode { 35.7219, -51.33575, 1e-7, 1e-6 })
      assert.equal("[1.8014398509481984e16,1e21,1.7976931348623157e308]",
         encode { 2 ^ 54, 1e21, 1.7976931348623157e308 })
      assert.equal("[5e-324,2.2250738585072014e-308]", encode { 2 ^ -1074, 2 ^ -1022 })
   end)

   it("keeps the sign of zero", function()
      assert.equal(-math.huge, 1 / decode(encode(decode "-0")))
   end)

   it("refuses NaN and infinity", function()
      refused(nan, "NaN has no JSON form", "")
      refused({ a = { math.huge } }, "infinity has no JSON form", "a[1]")
      refused({ a = { b = -math.huge } }, "infinity has no JSON form", "a.b")
   end)
end)

describe("kenar.core encode: arrays and objects", function()
   it("takes keys 1 to n for an array, in whatever order they were set", function()
      local backwards = {}
      for i = 10, 1, -1 do
         backwards[i] = i
      end
      assert.equal("[1,2,3,4,5,6,7,8,9,10]", encode(backwards))
      local shrunk = { 1, 2, 3, 4, 5 }
      shrunk[5], shrunk[4] = nil, nil
      assert.equal("[1,2,3]", encode(shrunk))
      assert.equal('[[1],"x"]', encode { [2] = "x", [1] = { [1] = 1 } })
   end)

   -- Lua 5.4 traverses such a table in the order 1, 3, 4, 2.
   it("takes nested arrays whose keys come out of order in one walk: two walks a level would not end", function()
      local value, bytes = "x", '"x"'
      for _ = 1, 64 do
         value, bytes = { value, [2] = 2, [3] = 3, [4] = 4 }, "[" .. bytes .. ",2,3,4]"
      end
      assert.equal(bytes, encode(value))
   end)

   it("refuses what a walk out of order finds behind good elements", function()
      refused({ 1, [2] = 2, [3] = 3, [4] = 4, x = 5 }, "an array with a string key", "")
      refused({ 1, [2] = print, [3] = 3, [4] = 4 }, "a function has no JSON form", "[2]")
      refused({ 1, [3] = 3, [4] = 4, [5] = 5 }, "an array with a hole: no element 2, but one at 5", "")
   end)

   it("takes string keys for an object, and the empty table too", function()
      assert.equal("{}", encode {})
      assert.equal('{"1":"one"}', encode { ["1"] = "one" })
      assert.equal('{"":{}}', encode { [""] = {} })
   end)

   it("honours the conventions for the empty array", function()
      assert.equal("[]", encode(setmetatable({}, array_mt)))
      assert.equal("[]", encode(setmetatable({}, empty_array_mt)))
      assert.equal("[[],1]", encode { empty_array, 1 })
      assert.equal("[1]", encode(setmetatable({ 1 }, array_mt)))
      assert.equal('{"a":1}', encode(setmetatable({ a = 1 }, empty_array_mt)))
      assert.equal('{"a":[],"b":1}', encode(decode '{"a":[]}'):gsub("}", ',"b":1}'))
      assert.equal("[]", encode(decode "[]"))
   end)

   it("takes no convention that it was not given", function()
      local bare = core.codec { array_mt = array_mt }
      assert.equal("{}", bare.encode(setmetatable({}, empty_array_mt)))
      assert.equal("{}", bare.encode(empty_array))
      assert.error_matches(function() core.codec {} end, "array_mt must be a table")
      assert.error_matches(function() core.codec() end, "table expected")
   end)

   it("refuses a table that is neither", function()
      refused({ 1, 2, x = 3 }, "an array with a string key", "")
      refused({ a = { [1.5] = 1 } }, "an array with the key 1.5", "a")
      refused({ [0] = 1, 2 }, "an array with the key 0", "")
      refused({ [-1] = 1 }, "an array with the key -1", "")
      refused({ { [true] = 1 } }, "an object with a boolean key", "[1]")
      refused(setmetatable({ x = 1 }, array_mt), "an array with a string key", "")
   end)

   it("refuses an array with a hole", function()
      refused({ a = { 1, nil, 3 } }, "an array with a hole: no element 2, but one at 3", "a")
      refused({ [10] = 1 }, "an array with a hole: no element 1, but one at 10", "")
      refused({ [2 ^ 40] = 1 }, "an array with the key 1099511627776", "")
   end)

   it("looks at the table itself, not at what its metatable would say", function()
      local touched = false
      local function touch() touched = true end
      local proxy = setmetatable({ a = 1 }, {
         __index = touch, __len = touch, __pairs = touch, __tostring = touch, __call = touch,
      })
      assert.equal('{"a":1}', encode(proxy))
      assert.is_false(touched)
   end)
end)

describe("kenar.core encode: what has no JSON form", function()
   it("is refused, and the path tells where", function()
      refused(print, "a function has no JSON form", "")
      refused({ list = { 1, { ["two words"] = coroutine.create(print) } } }, "a thread has no JSON form",
         'list[2]["two words"]')
      refused({ ["کلید"] = { io.stdout } }, "a userdata has no JSON form", '["کلید"][1]')
   end)

   it("is bytes that are not UTF-8, in texts and in keys", function()
      refused("ab\255", "the text is not valid UTF-8 at byte 3", "")
      refused({ a = { "سلام", "\237\160\128" } }, "the text is not valid UTF-8 at byte 1", "a[2]")
      refused({ a = { ["k\200\n"] = 1 } }, "the key is not valid UTF-8 at byte 2", 'a["k??"]')
      refused(("ی"):rep(500) .. "\217", "the text is not valid UTF-8 at byte 1001", "")
   end)

   it("is what is nested deeper than 64, and so a table within itself", function()
      local value = 1
      for _ = 1, 64 do
         value = { value }
      end
      assert.equal(("["):rep(64) .. "1" .. ("]"):rep(64), encode(value))
      local too_deep = "nested deeper than 64, or a table that contains itself"
      refused({ value }, too_deep, ("[1]"):rep(64))
      local cyclic = {}
      cyclic.me = cyclic
      refused(cyclic, too_deep, ("me."):rep(63) .. "me")
   end)

   it("has a path that fits its room: the outer end of a long one is kept", function()
      local value = { print }
      for _ = 1, 60 do
         value = { ["a long name that needs quotes"] = value }
      end
      local _, message, path = encode(value)
      assert.equal("a function has no JSON form", message)
      assert.is_true(#path > 300 and #path < 400)
      assert.equal('["a long name that needs quotes"]["a long', path:sub(1, 41))
      _, _, path = encode { [("k"):rep(1000)] = print }
      assert.equal('["' .. ("k"):rep(100) .. '..."]', path)
   end)

   it("leaves nothing behind for the next call", function()
      refused({ "text", { print } }, "a function has no JSON form", "[2][1]")
      assert.equal('{"a":1}', encode { a = 1 })
      assert.error_matches(function() encode() end, "value expected")
   end)
end)
