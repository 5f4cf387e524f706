--- An inbox in a shared dict of a real nginx.

local inboxes = require "kenar.inbox"
local nginx = require "spec.support.nginx"
local nginx_cases = require "spec.support.nginx_cases"
local virtual = require "kenar.host.virtual"

describe("kenar.inbox.shdict", function()
   it("is told to be for nginx where it is opened elsewhere", function()
      local inbox, err = inboxes.open("shdict:zone", virtual.new())
      assert.is_nil(inbox)
      assert.matches("inside nginx", err.message)
      inbox, err = inboxes.visit "shdict:zone"
      assert.is_nil(inbox)
      assert.matches("nginx's memory", err.message)
   end)

   if not nginx.is_installed() then
      pending "needs nginx and its Lua module"
      return
   end

   describe("", function()
      nginx_cases(
         { describe = describe, it = it, setup = setup, teardown = teardown },
         "spec.kenar.inbox.shdict_cases",
         { http = "lua_shared_dict zone 4m; lua_shared_dict small 256k;" }
      )
   end)
end)
