--- Real nginx beside a real Redis: what the specs of both start.

local nginx = require "spec.support.nginx"
local redis = require "spec.support.redis"

local redis_nginx = {}

function redis_nginx.is_installed()
   return nginx.is_installed() and redis.is_installed()
end

local CASES = [[
   location = /case {
      content_by_lua_block {
         local cases = require("spec.support.cases").collect(function(runner)
            require "$cases"(runner, "$redis")
         end)
         ngx.req.read_body()
         local ok, why = pcall(cases[ngx.req.get_body_data()])
         ngx.print(ok and "held" or why)
      }
   }
]]

--- Start an nginx that answers POST /case with the name of one of a file's cases.
---@param module string that defines them, given a runner and the URL
---@param url string of the Redis
---@return table server, function ask what spec.support.cases asks with
function redis_nginx.serve_cases(module, url)
   local server = nginx.start { server = CASES, values = { cases = module, redis = url } }
   return server, function(name)
      local answer, status = server:ask("/case", name)
      assert(status == 200, ("gave %s: %s\n%s"):format(tostring(status), answer, server:log()))
      return answer == "held", answer
   end
end

--- Start an nginx of two workers that serves the bot of spec.support.redis_bot below /kenar, lists its dead letters at
--- /dead, and has that handled again whose number is posted to /replay.
---@param url string of the Redis
---@param options string the inbox's, as Lua
---@return table server
function redis_nginx.serve_bot(url, options)
   return nginx.start {
      workers = 2, values = { redis = url, options = options },
      http = [[
         init_by_lua_block {
            bot = require("spec.support.redis_bot").new("$redis", { $options })
         }
         init_worker_by_lua_block { require("kenar.resty").start(bot) }
      ]],
      server = [[
         location /kenar {
            content_by_lua_block { require("kenar.resty").serve(bot) }
         }
         location = /dead {
            content_by_lua_block {
               for _, letter in ipairs(assert(bot.inbox:dead())) do
                  ngx.say(letter.number, " ", letter.order_key, " ", letter.attempts, " ", letter.reason)
               end
            }
         }
         location = /replay {
            content_by_lua_block {
               ngx.req.read_body()
               ngx.print(tostring(bot.inbox:replay(tonumber(ngx.req.get_body_data()))))
            }
         }
      ]],
   }
end

return redis_nginx
