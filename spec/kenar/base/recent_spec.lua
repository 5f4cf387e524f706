local recent = require "kenar.base.recent"

describe("kenar.base.recent", function()
   it("gives back what was set", function()
      local seen = recent.new()
      seen:set("a", 1)
      seen:set("b", false)
      assert.equal(1, seen:get "a")
      assert.is_false(seen:get "b")
      assert.is_nil(seen:get "c")
   end)

   it("takes a new value for a key that it has", function()
      local seen = recent.new { max = 4 }
      for value = 1, 10 do
         seen:set("a", value)
      end
      seen:set("b", 0)
      assert.equal(10, seen:get "a")
   end)

   it("has the last half of what it may hold, whatever came before", function()
      local seen = recent.new { max = 10 }
      for key = 1, 99 do
         seen:set(key, true)
         for back = math.max(1, key - 4), key do
            assert.is_true(seen:get(back))
         end
      end
   end)

   it("never holds more than it may", function()
      local seen = recent.new { max = 10 }
      for key = 1, 99 do
         seen:set(key, true)
         local held = 0
         for back = 1, key do
            held = held + (seen:get(back) and 1 or 0)
         end
         assert.is_true(held <= 10)
      end
   end)

   it("keeps a key longer that was set again", function()
      local seen = recent.new { max = 4 }
      for _, key in ipairs { "a", "b", "c", "a", "d" } do
         seen:set(key, true)
      end
      assert.is_true(seen:get "a")
      assert.is_nil(seen:get "b")
   end)

   it("forgets a key when told to, from either generation", function()
      local seen = recent.new { max = 4 }
      for _, key in ipairs { "a", "b", "c" } do
         seen:set(key, true)
      end
      seen:del "a"
      seen:del "c"
      seen:del "never there"
      assert.is_nil(seen:get "a")
      assert.is_nil(seen:get "c")
      assert.is_true(seen:get "b")
   end)

   it("has room again for what was deleted", function()
      local seen = recent.new { max = 4 }
      seen:set("kept", true)
      for key = 1, 20 do
         seen:set(key, true)
         seen:del(key)
      end
      assert.is_true(seen:get "kept")
   end)

   it("raises for a number that is none", function()
      assert.error_matches(function() recent.new { max = 1 } end, "max is a number of at least 2")
      assert.error_matches(function() recent.new { max = "2" } end, "max is a number of at least 2")
   end)
end)
