local contract = require "spec.support.store_contract"
local memory = require "kenar.store.memory"
local stores = require "kenar.store"
local virtual = require "kenar.host.virtual"

describe("kenar.store.memory", function()
   local time, store

   before_each(function()
      time = 1000
      store = memory.new { now = function() return time end, max_keys = 3 }
   end)

   contract(function()
      local now = 0
      return {
         store = memory.new { now = function() return now end },
         advance = function(seconds) now = now + seconds end,
         close = function() end,
      }
   end)

   it("refuses a key for which it has no room, and drops none that lives", function()
      for _, key in ipairs { "a", "b", "c" } do
         assert.is_true(store:set(key, key, 10))
      end
      for _, f in ipairs {
         function() return store:set("d", "d") end, function() return store:add("d", "d") end,
         function() return store:incr "d" end,
      } do
         local ok, err = f()
         assert.is_nil(ok)
         assert.equal("store", err.kind)
         assert.matches("no memory", err.message)
      end
      for _, key in ipairs { "a", "b", "c" } do
         assert.equal(key, store:get(key))
      end
      assert.is_true(store:set("a", "again"))
   end)

   it("has room again when keys expire or are deleted", function()
      store:set("a", "1", 10)
      store:set("b", "1", 20)
      store:set("c", "1")
      time = time + 10
      assert.is_true(store:set("d", "1"))
      assert.is_nil(store:set("e", "1"))
      store:del "c"
      assert.is_true(store:set("e", "1"))
   end)

   it("does not grow by keys that nobody asks for again", function()
      local big = memory.new { now = function() return time end }
      for i = 1, 20000 do
         time = time + 1
         big:set("state:" .. i, "x", 600)
      end
      assert.is_true(tonumber(tostring(big):match "(%d+) keys") <= 2048)
   end)

   it("shows no value when printed", function()
      store:set("key", "ory_at_1")
      assert.equal("kenar.store.memory: 1 keys", tostring(store))
   end)
end)

describe("kenar.store", function()
   local host = virtual.new()

   it("opens a store by its URL, on the host's clock", function()
      local store = assert(stores.open("memory:", host))
      store:set("key", "1", 60)
      assert.equal("1", store:get "key")
      host:advance(61)
      assert.is_nil(store:get "key")
   end)

   it("takes a store of the program's own", function()
      local own = memory.new()
      assert.equal(own, stores.open(own, host))
      assert.error_matches(function() stores.open({ get = print }, host) end, "a table with get, set, del")
   end)

   it("names the kinds it knows, and shows nothing of a URL that may hold a password", function()
      local store, err = stores.open("cassandra://user:secret@host", host)
      assert.is_nil(store)
      assert.equal("store", err.kind)
      assert.matches('unknown kind of store "cassandra"; known are memory:', err.message)
      assert.is_nil(tostring(err):find "secret")
   end)

   it("knows of each kind whether it blocks, is shared, and is a file", function()
      for url, expected in pairs {
         ["memory:"] = "memory false false false", ["sqlite:bot.db"] = "sqlite true true true",
         ["shdict:zone"] = "shdict false true false", ["redis://host"] = "redis false true false",
      } do
         local kind = assert(stores.kind(url))
         assert.equal(expected, ("%s %s %s %s"):format(kind.scheme, tostring(kind.blocks), tostring(kind.shared),
            tostring(kind.is_file)))
      end
      assert.is_nil((stores.kind "pigeon:roof"))
      assert.is_nil((stores.kind(memory.new())))
   end)

   it("says of each kind what it lacks outside of nginx", function()
      assert.is_nil(stores.kind("memory:").lacks)
      assert.is_nil(stores.kind("sqlite:bot.db").lacks())
      assert.equal("shdict: is for bots that run inside nginx", stores.kind("shdict:zone").lacks())
      assert.equal("Redis is reached from inside nginx only (see kenar.resty)", stores.kind("redis://host").lacks())
   end)

   it("gives each app its own keys in one store", function()
      local shared = memory.new()
      local a, b = stores.namespaced(shared, "a:"), stores.namespaced(shared, "b:")
      a:set("key", "1")
      assert.is_nil(b:get "key")
      assert.is_true(b:add("key", "2"))
      assert.equal(3, a:incr("key", 2))
      assert.is_true(b:cas("key", "2", nil))
      assert.equal("3", shared:get "a:key")
      a:del "key"
      assert.is_nil(shared:get "a:key")
   end)
end)
