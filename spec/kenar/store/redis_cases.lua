--- What a store in Redis promises: defined in nginx's worker, where these run, and in the spec, which asks for them
--- (spec.support.cases).

local assert = require "luassert"
local contract = require "spec.support.store_contract"

---@param runner table what specs are defined with
---@param url? string of a Redis, in the worker
return function(runner, url)
   local describe, it = runner.describe, runner.it

   local function open(where)
      return require("kenar.store").open(where or url, require("kenar.host").current())
   end

   local function call(...)
      local connection = assert(require("kenar.db.redis").new(url:match "^redis:(.*)$"))
      local reply, err = connection:call(...)
      assert(not err, tostring(err))
      return reply
   end

   describe("is a store:", function()
      contract(function()
         local host = require("kenar.host").current()
         call "flushall"
         return {
            store = assert(open()),
            advance = function(seconds) require("spec.support.redis_time").pass(call, seconds) end,
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

   it("is shared: what one has set the other one reads", function()
      assert.is_true(open().shared)
      assert(open():set("key", "1"))
      assert.equal("1", open():get "key")
   end)

   it("keeps the databases of one server apart, on one worker's connections", function()
      local first, second = assert(open(url .. "/0")), assert(open(url .. "/1"))
      for _ = 1, 3 do
         assert(first:set("where", "0"))
         assert(second:set("where", "1"))
         assert.equal("0", first:get "where")
         assert.equal("1", second:get "where")
      end
   end)

   it("runs its scripts again at a Redis that has forgotten them", function()
      local store = open()
      assert(store:del "n")
      assert.equal(1, store:incr "n")
      call("script", "flush")
      assert.equal(2, store:incr "n")
   end)

   it("refuses a URL that it cannot read, and shows nothing of it", function()
      for _, where in ipairs {
         "redis:", "redis://", "redis://host:port", "redis://secret@host", "redis://a b", "redis://:secret@host/x",
      } do
         local store, err = open(where)
         assert.is_nil(store)
         assert.equal("store", err.kind)
         assert.is_nil(tostring(err):find "secret")
      end
   end)

   it("takes more waiting calls at once than it keeps connections", function()
      local host, store, tasks = require("kenar.host").current(), open(), {}
      assert(store:del "n")
      for i = 1, 200 do
         tasks[i] = host.spawn(function() return assert(store:incr "n") end)
      end
      for _, task in ipairs(tasks) do
         assert.is_true(task:wait(10))
      end
      assert.equal(201, store:incr "n")
   end)
end
