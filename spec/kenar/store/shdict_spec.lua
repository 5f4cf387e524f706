--- A store in a shared dict of a real nginx, and two workers on it.

local nginx = require "spec.support.nginx"
local nginx_cases = require "spec.support.nginx_cases"
local stores = require "kenar.store"
local virtual = require "kenar.host.virtual"
local worker_contract = require "spec.support.worker_contract"

describe("kenar.store.shdict", function()
   it("is told to be for nginx where it is opened elsewhere", function()
      local store, err = stores.open("shdict:zone", virtual.new())
      assert.is_nil(store)
      assert.equal("store", err.kind)
      assert.matches("inside nginx", err.message)
   end)

   if not nginx.is_installed() then
      pending "needs nginx and its Lua module"
      return
   end

   describe("", function()
      nginx_cases(
         { describe = describe, it = it, setup = setup, teardown = teardown },
         "spec.kenar.store.shdict_cases",
         { http = "lua_shared_dict zone 4m; lua_shared_dict small 128k;" }
      )
   end)

   describe("that two workers share", function()
      worker_contract(function() return "shdict:zone" end)
   end)
end)
