--- Processes that share a quota by a file.

local client = require "kenar.client"
local scratch = require "spec.support.scratch"
local sqlite_store = require "kenar.store.sqlite"
local virtual = require "kenar.host.virtual"
local wire = require "spec_wire"

local PROCESSES, CALLS = 3, 100
local taken = { status = 200, headers = {}, body = "{}" }

describe("processes that share a store", function()
   local folder

   before_each(function()
      folder = scratch.new()
   end)

   after_each(function()
      folder:remove()
   end)

   -- So that they get into each other's way.
   local function wait_for_all(store)
      local give_up = wire.clock() + 30
      assert(store:incr "there")
      while store:get "there" ~= tostring(PROCESSES) do
         assert(wire.clock() < give_up)
      end
   end

   -- Runs `f` in several processes at once, each with a client of its own whose clock stands still.
   local function in_processes(f)
      local children = {}
      for index = 1, PROCESSES do
         children[index] = assert(wire.fork(function()
            local host = virtual.new { serves = { ["https://open-api.divar.ir"] = function() return taken end } }
            local store = assert(sqlite_store.new { path = folder:file "bot.db", now = host.now })
            wait_for_all(store)
            f(function(quota)
               return client.new { host = host, api_key = "key-1", store = store, quota = quota }
            end, store, host)
            store:close()
         end))
      end
      for _, child in ipairs(children) do
         assert.equal(0, child:wait(60))
         child:close()
      end
   end

   local function counted(name)
      local store = assert(sqlite_store.new { path = folder:file "bot.db", now = virtual.new().now })
      local value = store:get(name)
      store:close()
      return tonumber(value or 0)
   end

   it("make no more calls in all than a minute allows", function()
      in_processes(function(new_client, store)
         local c = new_client { minute = 100 }
         for _ = 1, CALLS do
            local result, err = c:send_bot_message("c", "t", { deadline = 0.1 })
            assert(result or err.code_name == "MINUTE_QUOTA", tostring(err))
            if result then
               assert(store:incr "made")
            end
         end
      end)
      -- What may leave at once.
      assert.equal(20, counted "made")
   end)

   it("make no more calls in all than a day allows, each of them, and one is warned", function()
      in_processes(function(new_client, store, host)
         local c = new_client { day = 100, on_warning = function() assert(store:incr "warnings") end }
         for _ = 1, CALLS do
            local result, err = c:send_bot_message("c", "t")
            assert(result or err.code_name == "DAY_QUOTA", tostring(err))
            if result then
               assert(store:incr "made")
            end
         end
         host:advance(0)
      end)
      assert.equal(100, counted "made")
      assert.equal(1, counted "warnings")
   end)
end)
