--- An inbox in a real Redis, from inside a real nginx.

local cases = require "spec.support.cases"
local define = require "spec.kenar.inbox.redis_cases"
local inboxes = require "kenar.inbox"
local redis = require "spec.support.redis"
local redis_nginx = require "spec.support.redis_nginx"
local virtual = require "kenar.host.virtual"

describe("kenar.inbox.redis", function()
   it("is told to be for nginx where it is opened elsewhere, and shows no password", function()
      for _, open in pairs { inboxes.open, inboxes.visit } do
         local inbox, err = open("redis://:secret@127.0.0.1:1", virtual.new())
         assert.is_nil(inbox)
         assert.equal("store", err.kind)
         assert.matches("inside nginx", err.message)
         assert.is_nil(tostring(err):find "secret")
      end
   end)

   if not redis_nginx.is_installed() then
      pending "needs nginx with its Lua module, lua-resty-redis and Redis"
      return
   end

   local server, database, ask

   setup(function()
      database = redis.start { appendonly = "yes" }
      server, ask = redis_nginx.serve_cases("spec.kenar.inbox.redis_cases", database.url)
   end)

   teardown(function()
      server:stop()
      database:stop()
   end)

   cases.report(function(runner)
      define(runner)
   end, { describe = describe, it = it }, function(name)
      return ask(name)
   end)
end)
