local recent_keys = require "kenar.base.recent_keys"

describe("kenar.base.recent_keys", function()
   it("adds a key once", function()
      local seen = recent_keys.new()
      assert.is_true(seen:add "a")
      assert.is_false(seen:add "a")
      assert.is_true(seen:add "b")
      assert.is_false(seen:add "a")
   end)

   it("has the last half of what it may hold, whatever came before", function()
      for last = 1, 30 do
         for number = math.max(1, last - 4), last do
            local seen = recent_keys.new { max = 10 }
            for before = 1, last do
               assert.is_true(seen:add("key " .. before))
            end
            assert.is_false(seen:add("key " .. number))
         end
      end
   end)

   it("forgets what is older than all that it may hold", function()
      local seen = recent_keys.new { max = 10 }
      for number = 1, 11 do
         seen:add("key " .. number)
      end
      assert.is_true(seen:add "key 1")
   end)

   it("keeps a key longer that came again", function()
      local seen = recent_keys.new { max = 4 }
      seen:add "a"
      for number = 1, 50 do
         assert.is_false(seen:add "a")
         seen:add("key " .. number)
      end
   end)

   it("forgets a key when told to, from either generation", function()
      local seen = recent_keys.new { max = 4 }
      for _, key in ipairs { "a", "b", "c" } do
         seen:add(key)
      end
      for _, key in ipairs { "a", "c", "never there" } do
         seen:del(key)
         assert.is_true(seen:add(key))
      end
   end)

   it("takes no memory of Lua's for a key", function()
      local seen = recent_keys.new { max = 100000 }
      seen:add "first"
      collectgarbage()
      collectgarbage()
      local before = collectgarbage "count"
      for number = 1, 40000 do
         seen:add("8a2b1c3d-0000-4000-8000-" .. number)
      end
      collectgarbage()
      collectgarbage()
      assert.is_true(collectgarbage "count" - before < 100)
      assert.is_false(seen:add "first")
   end)

   it("raises for a number that is none", function()
      assert.error_matches(function() recent_keys.new { max = 1 } end, "max is a number of at least 2")
      assert.error_matches(function() recent_keys.new { max = "2" } end, "max is a number of at least 2")
   end)
end)
