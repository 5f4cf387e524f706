--- Two workers of a real nginx with one real Redis: what is to be one step is one, whoever else does it.

local nginx = require "spec.support.nginx"
local redis = require "spec.support.redis"
local redis_nginx = require "spec.support.redis_nginx"

describe("workers that share a Redis", function()
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

   -- What each of two workers got.
   local function run(job)
      local server = nginx.start {
         workers = 2, values = { redis = database.url, job = job },
         http = [[
            lua_shared_dict told 1m;
            init_worker_by_lua_block {
               ngx.timer.at(0, function()
                  local run = require("spec.kenar.redis_jobs").run
                  local ok, result = pcall(run, "$job", "$redis", "http://127.0.0.1:$port")
                  ngx.shared.told:lpush("results", ok and result or "failed: " .. tostring(result))
               end)
            }
         ]],
         server = [[
            location = /told {
               content_by_lua_block {
                  local told = ngx.shared.told
                  for _ = 1, 3000 do
                     if told:llen("results") == 2 then break end
                     ngx.sleep(0.005)
                  end
                  ngx.print(told:lpop("results"), " ", told:lpop("results"), " ", told:get("calls") or "")
               }
            }
            location = /oauth2/token {
               content_by_lua_block {
                  local calls = ngx.shared.told:incr("calls", 1, 0)
                  ngx.sleep(0.05)
                  ngx.print('{"access_token":"new-', calls, '","refresh_token":"r",',
                     '"expires_in":3600,"scope":"USER_ID"}')
               }
            }
         ]],
      }
      local ok, answer = pcall(server.ask, server, "/told")
      local log = server:log()
      server:stop()
      assert(ok, answer)
      local first, second, rest = answer:match "^(%S+) (%S+) (.*)$"
      assert(first and first ~= "failed:", answer .. "\n" .. log)
      return tonumber(first) or first, tonumber(second) or second, rest
   end

   it("lose no count", function()
      local first, second = run "count"
      assert.equal(1000, math.max(first, second))
   end)

   it("handle an event once", function()
      local first, second = run "dedup"
      assert.equal(300, first + second)
   end)

   it("make no more calls than a day allows, and each of them", function()
      local first, second = run "day_budget"
      assert.equal(100, first + second)
   end)

   it("make no more calls at once than a minute allows, and each of them", function()
      local first, second = run "token_bucket"
      assert.equal(20, first + second)
   end)

   it("have a session's lock one after the other", function()
      local first, second = run "session_lock"
      assert.equal(40, math.max(first, second))
   end)

   it("renew a grant once, and all have the new token", function()
      local first, second, calls = run "refresh"
      assert.same({ "new-1", "new-1", "1" }, { first, second, calls })
   end)
end)
