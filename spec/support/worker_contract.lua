--- What a store promises that several workers of nginx share, as specs: what is to be one step is one, whoever else
--- does it. Call it inside a `describe`.

local assert = require "luassert"
local busted = require "busted"
local nginx = require "spec.support.nginx"

local it = busted.it

local HTTP = [[
   lua_shared_dict zone 4m;
   lua_shared_dict told 1m;
   init_worker_by_lua_block {
      ngx.timer.at(0, function()
         local run = require("spec.support.worker_jobs").run
         local ok, result = pcall(run, "$job", "$store", "http://127.0.0.1:$port")
         ngx.shared.told:lpush("results", ok and result or "failed: " .. tostring(result))
      end)
   }
]]

-- Where the spec hears of the results; and Divar, which counts how often a token is asked for.
local SERVER = [[
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
         ngx.print('{"access_token":"new-', calls, '","refresh_token":"r","expires_in":3600,"scope":"USER_ID"}')
      }
   }
]]

---@param store_url fun(): string of a store that is empty; a dict's is `shdict:zone`
return function(store_url)
   -- What each of two workers got.
   local function run(job)
      local server = nginx.start {
         workers = 2, values = { store = store_url(), job = job }, http = HTTP, server = SERVER,
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

   it("has an event handled once", function()
      local first, second = run "dedup"
      assert.equal(300, first + second)
   end)

   it("lets as many calls leave as a day allows, and each of them", function()
      local first, second = run "day_budget"
      assert.equal(100, first + second)
   end)

   it("lets as many calls leave at once as a minute allows, and each of them", function()
      local first, second = run "token_bucket"
      assert.equal(20, first + second)
   end)

   it("gives a session's lock to one after the other", function()
      local first, second = run "session_lock"
      assert.equal(40, math.max(first, second))
   end)

   it("has a grant renewed once, and all have the new token", function()
      local first, second, calls = run "refresh"
      assert.same({ "new-1", "new-1", "1" }, { first, second, calls })
   end)
end
