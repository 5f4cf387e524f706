--- A store in a shared dict of a real nginx, and two workers on it.

local nginx = require "spec.support.nginx"
local nginx_cases = require "spec.support.nginx_cases"
local stores = require "kenar.store"
local virtual = require "kenar.host.virtual"

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
      -- What each of two workers got.
      local function run(job)
         local server = nginx.start {
            workers = 2, values = { job = job },
            http = [[
               lua_shared_dict zone 4m;
               lua_shared_dict told 1m;
               init_worker_by_lua_block {
                  ngx.timer.at(0, function()
                     local jobs = require "spec.kenar.redis_jobs"
                     local ok, result = pcall(jobs.run, "$job", "shdict:zone", "http://127.0.0.1:$port")
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
                     ngx.print('{"access_token":"new-', calls,
                        '","refresh_token":"r","expires_in":3600,"scope":"USER_ID"}')
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

      it("loses no count", function()
         local first, second = run "count"
         assert.equal(1000, math.max(first, second))
      end)

      it("lets one of them handle an event", function()
         local first, second = run "dedup"
         assert.equal(300, first + second)
      end)

      it("counts the calls of a day for both", function()
         local first, second = run "day_budget"
         assert.equal(100, first + second)
      end)

      it("counts the calls of a minute for both", function()
         local first, second = run "token_bucket"
         assert.equal(20, first + second)
      end)

      it("gives one of them a session", function()
         local first, second = run "session_lock"
         assert.equal(40, math.max(first, second))
      end)

      it("has a grant renewed once, and both have the new token", function()
         local first, second, calls = run "refresh"
         assert.same({ "new-1", "new-1", "1" }, { first, second, calls })
      end)
   end)
end)
