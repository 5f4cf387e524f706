-- Lua-cjson as the oracle: on documents that are JSON by the RFC the two agree.
local cjson = require "cjson"
local core = require "kenar.core"

local codec = core.codec { array_mt = {} }

-- Lehmer's generator: the same values on both VMs, in every run.
local seed = 20240229

local function random(n)
   seed = seed * 48271 % 2147483647
   return seed % n + 1
end

local pieces = {
   "a", "kenar", " ", "سلام", "ی‌ا", "€", "🚗", '"', "\\", "\n", "\1", "/", "\127",
   "e7a08a2c-8ee4-11ef-af85-4e9e9bfa3c12",
}

local function random_string()
   local parts = {}
   for i = 1, random(8) - 1 do
      parts[i] = pieces[random(#pieces)]
   end
   return table.concat(parts)
end

-- Fourteen significant digits: as many as lua-cjson writes.
local function random_number()
   local number = (random(2147483646) - 1073741823) * random(1000)
   return random(2) == 1 and number or number / 2 ^ random(10)
end

local make = {
   random_string, random_string, random_number, function() return random(2) == 1 end, function() return cjson.null end,
}

local function random_value(depth)
   local kind = random(depth > 0 and 9 or #make)
   if kind <= #make then
      return make[kind]()
   end
   local value = {}
   for i = 1, random(6) do
      value[kind <= 7 and i or random_string() .. i] = random_value(depth - 1)
   end
   return value
end

describe("kenar.core codec and lua-cjson", function()
   it("decode what cjson writes to the same value", function()
      for _ = 1, 2000 do
         local bytes = cjson.encode(random_value(5))
         assert.same(cjson.decode(bytes), codec.decode(bytes))
      end
   end)

   it("write what cjson decodes to the same value", function()
      for _ = 1, 2000 do
         local value = random_value(5)
         assert.same(value, cjson.decode(codec.encode(value)))
      end
   end)

   it("have one null", function()
      assert.equal(cjson.null, core.null)
      assert.equal(cjson.null, codec.decode "null")
      assert.equal("null", cjson.encode(core.null))
   end)

   it("differ in what cjson loses: our digits read back to the number", function()
      for _ = 1, 2000 do
         local number = random(2147483646) * random(2147483646) / random(2147483646)
         assert.equal(number, codec.decode(codec.encode(number)))
      end
      assert.are_not.equal(1729429926141234, cjson.decode(cjson.encode(1729429926141234)))
      assert.equal(1729429926141234, codec.decode(codec.encode(1729429926141234)))
   end)
end)
