--- What a store in an nginx shared dict promises: defined in nginx's worker, where these run, and in the spec, which
--- asks for them (spec.support.cases).

local assert = require "luassert"
local contract = require "spec.support.store_contract"

---@param runner table what specs are defined with
return function(runner)
   local describe, it, before_each = runner.describe, runner.it, runner.before_each
   local store, dict

   local function open(zone)
      return require("kenar.store").open("shdict:" .. (zone or "zone"), require("kenar.host").current())
   end

   local function fresh(zone)
      dict = ngx.shared[zone or "zone"]
      dict:flush_all()
      dict:flush_expired()
      store = assert(open(zone))
      return store
   end

   describe("is a store:", function()
      contract(function()
         local host = require("kenar.host").current()
         return {
            store = fresh(),
            advance = function(seconds) require "spec.support.shdict_time"(dict, seconds) end,
            together = function(n, f)
               local tasks = {}
               for i = 1, n do
                  tasks[i] = host.spawn(f, i)
               end
               for _, task in ipairs(tasks) do
                  assert.is_true(task:wait(10))
               end
            end,
            close = function() end,
         }
      end, runner)
   end)

   before_each(function()
      fresh()
   end)

   it("is shared: what one has set the other one reads", function()
      assert.is_true(store.shared)
      assert(open():set("key", "1"))
      assert.equal("1", store:get "key")
   end)

   it("takes values of any length in turn, and leaves nothing of the earlier ones", function()
      store:set("key", "1")
      local keys = #dict:get_keys(0)
      for _, length in ipairs { 0, 24, 25, 100000, 3, 30, 24 } do
         local value = ("x"):rep(length)
         assert.is_true(store:set("key", value, 10))
         assert.equal(value, store:get "key")
      end
      assert.equal(keys, #dict:get_keys(0))
      store:set("key", ("x"):rep(1000))
      store:del "key"
      assert.equal(keys - 1, #dict:get_keys(0))
   end)

   describe("that is full", function()
      local count

      before_each(function()
         fresh "small"
         count = 0
         while store:set("key " .. count, tostring(count):rep(100)) do
            count = count + 1
         end
      end)

      local function is_full(value, err)
         assert.is_nil(value)
         assert.equal("store", err.kind)
         assert.equal("NO_MEMORY", err.code_name)
         assert.matches("lua_shared_dict small", err.message)
      end

      it("says so, and has dropped nothing", function()
         assert.is_true(count > 10)
         is_full(store:set("one more", ("x"):rep(100)))
         is_full(store:add("one more", ("x"):rep(100)))
         for i = 0, count - 1 do
            assert.equal(tostring(i):rep(100), store:get("key " .. i))
         end
      end)

      it("keeps the old value of a key for whose new one there is no room", function()
         is_full(store:set("key 1", ("x"):rep(20000)))
         is_full(store:cas("key 1", ("1"):rep(100), ("x"):rep(20000)))
         assert.equal(("1"):rep(100), store:get "key 1")
      end)

      it("has room again when something is deleted", function()
         for i = 0, count - 1 do
            assert.is_true(store:del("key " .. i))
         end
         assert.is_true(store:set("one more", ("x"):rep(100)))
      end)
   end)

   it("waits for a lock that a killed worker has left, and no longer than that", function()
      dict:safe_add("lkey", true, 0.05)
      assert.is_true(store:set("key", "1"))
      assert.equal("1", store:get "key")
   end)

   it("names the directive that is missing where there is no such zone", function()
      local none, err = open "nowhere"
      assert.is_nil(none)
      assert.matches("`lua_shared_dict nowhere 32m;`", err.message)
   end)
end
