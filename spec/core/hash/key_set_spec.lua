local core = require "kenar.core"

describe("kenar.core.key_set", function()
   local set

   before_each(function()
      set = assert(core.key_set())
   end)

   it("gives a key a state, and tells the one that it had", function()
      assert.is_nil(set:get "ad-1")
      assert.is_nil(set:put("ad-1", 0))
      assert.equal(0, set:get "ad-1")
      assert.equal(0, set:put("ad-1", 3))
      assert.equal(3, set:get "ad-1")
   end)

   it("counts a key once", function()
      set:put("ad-1", 0)
      set:put("ad-1", 1)
      set:put("ad-2", 1)
      assert.equal(2, set:count())
      assert.equal("kenar.key_set: 2 keys", tostring(set))
   end)

   it("tells keys apart by every byte", function()
      local keys = { "", "\0", "\0\0", "a", "a\0", "A", "آگهی", ("x"):rep(100), ("x"):rep(101) }
      for i, key in ipairs(keys) do
         assert.is_nil(set:put(key, i % 8))
      end
      for i, key in ipairs(keys) do
         assert.equal(i % 8, set:get(key))
      end
   end)

   it("has every key of a hundred thousand, in 16 to 32 bytes each, and none besides", function()
      for i = 1, 100000 do
         set:put("ad-" .. i, i % 8)
      end
      for i = 1, 100000 do
         if set:get("ad-" .. i) ~= i % 8 or set:get("no-" .. i) then
            error("wrong at " .. i)
         end
      end
      assert.equal(100000, set:count())
      assert.is_true(set:bytes() >= 16 * 100000 and set:bytes() <= 32 * 100000)
   end)

   it("takes nothing before there is a key, and gives all back at close", function()
      assert.equal(0, set:bytes())
      set:put("ad-1", 1)
      assert.is_true(set:bytes() > 0)
      set:close()
      set:close()
      assert.equal(0, set:bytes())
      assert.equal(0, set:count())
      assert.is_nil(set:get "ad-1")
   end)

   it("takes states from 0 to 7", function()
      assert.has_error(function() set:put("ad-1", -1) end)
      assert.has_error(function() set:put("ad-1", 8) end)
      assert.has_error(function() set:put("ad-1", "sent") end)
      assert.is_nil(set:put("ad-1", 7))
      assert.equal(7, set:get "ad-1")
   end)

   it("takes keys that are strings", function()
      assert.has_error(function() set:put({}, 1) end)
      assert.has_error(function() set:get() end)
   end)
end)
