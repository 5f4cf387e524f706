local edges = require "spec.support.oauth_edge"
local memory = require "kenar.store.memory"
local update = require "kenar.store.update"

describe("kenar.store.update", function()
   local inner, store

   before_each(function()
      inner = memory.new { now = function() return 0 end }
      store = edges.breakable(inner)
   end)

   local function count(old)
      local value = (tonumber(old) or 0) + 1
      return tostring(value), 60, value
   end

   it("makes a key, and changes it", function()
      assert.equal(1, update(store, "n", count))
      assert.equal(2, update(store, "n", count))
      assert.equal("2", inner:get "n")
   end)

   it("leaves the key alone where there is no new value", function()
      inner:set("n", "5")
      assert.equal("kept", update(store, "n", function(old) return nil, nil, old == "5" and "kept" end))
      assert.same({ "get n" }, store.calls)
   end)

   it("tries again where somebody else was quicker, to make it and to change it", function()
      local raced = { get = 0 }
      local get = store.get
      function store.get(...)
         local value = get(...)
         raced.get = raced.get + 1
         if raced.get <= 2 then
            inner:incr("n", 10)
         end
         return value
      end
      assert.equal(21, update(store, "n", count))
      assert.equal(3, raced.get)
   end)

   it("gives up where others are always quicker", function()
      function store.cas() return false end
      inner:set("n", "5")
      local value, err = update(store, "n", count)
      assert.is_nil(value)
      assert.equal("store", err.kind)
      assert.matches("again and again", err.message)
   end)

   it("gives back the store's failure, one that it raises too", function()
      for _, call in ipairs { "get", "add" } do
         store.broken = { [call] = true }
         local value, err = update(store, "n", count)
         assert.is_nil(value)
         assert.equal("the disk is full", err.message)
      end
      store.broken = {}
      function store.get() error "the driver is broken" end
      assert.matches("the driver is broken", select(2, update(store, "n", count)).message)
   end)
end)
