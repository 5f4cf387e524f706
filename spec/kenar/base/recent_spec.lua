local recent = require "kenar.base.recent"

describe("kenar.base.recent: a map", function()
   it("gives back what was set", function()
      local seen = recent.map()
      seen:set("a", 1)
      seen:set("b", false)
      assert.equal(1, seen:get "a")
      assert.is_false(seen:get "b")
      assert.is_nil(seen:get "c")
   end)

   it("takes a new value for a key that it has", function()
      local seen = recent.map { max = 4 }
      for value = 1, 10 do
         seen:set("a", value)
      end
      seen:set("b", 0)
      assert.equal(10, seen:get "a")
   end)

   it("has the last half of what it may hold, whatever came before", function()
      local seen = recent.map { max = 10 }
      for key = 1, 99 do
         seen:set(key, true)
         for back = math.max(1, key - 4), key do
            assert.is_true(seen:get(back))
         end
      end
   end)

   it("never holds more than it may", function()
      local seen = recent.map { max = 10 }
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
      local seen = recent.map { max = 4 }
      for _, key in ipairs { "a", "b", "c", "a", "d" } do
         seen:set(key, true)
      end
      assert.is_true(seen:get "a")
      assert.is_nil(seen:get "b")
   end)

   it("forgets a key when told to, from either generation", function()
      local seen = recent.map { max = 4 }
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
      local seen = recent.map { max = 4 }
      seen:set("kept", true)
      for key = 1, 20 do
         seen:set(key, true)
         seen:del(key)
      end
      assert.is_true(seen:get "kept")
   end)

   it("raises for a number that is none", function()
      assert.error_matches(function() recent.map { max = 1 } end, "max is a number of at least 2")
      assert.error_matches(function() recent.map { max = "2" } end, "max is a number of at least 2")
   end)
end)

describe("kenar.base.recent: a set", function()
   it("adds a key once", function()
      local seen = recent.set()
      assert.is_true(seen:add "a")
      assert.is_false(seen:add "a")
      assert.is_true(seen:add "b")
      assert.is_false(seen:add "a")
   end)

   it("has the last half of what it may hold, whatever came before", function()
      for last = 1, 30 do
         for number = math.max(1, last - 4), last do
            local seen = recent.set { max = 10 }
            for before = 1, last do
               assert.is_true(seen:add("key " .. before))
            end
            assert.is_false(seen:add("key " .. number))
         end
      end
   end)

   it("forgets what is older than all that it may hold", function()
      local seen = recent.set { max = 10 }
      for number = 1, 11 do
         seen:add("key " .. number)
      end
      assert.is_true(seen:add "key 1")
   end)

   it("keeps a key longer that came again", function()
      local seen = recent.set { max = 4 }
      seen:add "a"
      for number = 1, 50 do
         assert.is_false(seen:add "a")
         seen:add("key " .. number)
      end
   end)

   it("forgets a key when told to, from either generation", function()
      local seen = recent.set { max = 4 }
      for _, key in ipairs { "a", "b", "c" } do
         seen:add(key)
      end
      for _, key in ipairs { "a", "c", "never there" } do
         seen:del(key)
         assert.is_true(seen:add(key))
      end
   end)

   it("takes no memory of Lua's for a key", function()
      local seen = recent.set { max = 100000 }
      seen:add "first"
      -- The strings live through both counts: Lua's own table of strings grows with them.
      local keys = {}
      for number = 1, 40000 do
         keys[number] = "8a2b1c3d-0000-4000-8000-" .. number
      end
      collectgarbage()
      collectgarbage()
      local before = collectgarbage "count"
      for _, key in ipairs(keys) do
         seen:add(key)
      end
      collectgarbage()
      collectgarbage()
      assert.is_true(collectgarbage "count" - before < 100)
      assert.equal(40000, #keys)
      assert.is_false(seen:add "first")
   end)

   it("raises for a number that is none", function()
      assert.error_matches(function() recent.set { max = 1 } end, "max is a number of at least 2")
      assert.error_matches(function() recent.set { max = "2" } end, "max is a number of at least 2")
   end)
end)
