--- Two workers of a real nginx with one real Redis: what is to be one step is one, whoever else does it.

local redis = require "spec.support.redis"
local redis_nginx = require "spec.support.redis_nginx"
local worker_contract = require "spec.support.worker_contract"

describe("a Redis that two workers share", function()
   if not redis_nginx.is_installed() then
      pending "needs nginx with its Lua module, lua-resty-redis and Redis"
      return
   end

   local database

   setup(function()
      database = redis.start()
   end)

   teardown(function()
      database:stop()
   end)

   before_each(function()
      database:call "flushall"
   end)

   worker_contract(function() return database.url end)
end)
