--- A store in a real Redis, from inside a real nginx.

local cases = require "spec.support.cases"
local define = require "spec.kenar.store.redis_cases"
local nginx = require "spec.support.nginx"
local redis = require "spec.support.redis"
local redis_nginx = require "spec.support.redis_nginx"
local stores = require "kenar.store"
local virtual = require "kenar.host.virtual"

describe("kenar.store.redis", function()
   it("is told to be for nginx where it is opened elsewhere", function()
      local store, err = stores.open("redis://:secret@127.0.0.1:1", virtual.new())
      assert.is_nil(store)
      assert.equal("store", err.kind)
      assert.matches("inside nginx only", err.message)
      assert.is_nil(tostring(err):find "secret")
   end)

   if not redis_nginx.is_installed() then
      pending "needs nginx with its Lua module, lua-resty-redis and Redis"
      return
   end

   describe("", function()
      local server, database, ask

      setup(function()
         database = redis.start()
         server, ask = redis_nginx.serve_cases("spec.kenar.store.redis_cases", database.url)
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

   -- What a new store says to a `set`, from a worker: "true", or the error.
   local SET = [[
      location = /set {
         content_by_lua_block {
            ngx.req.read_body()
            local store = require("kenar.store").open(ngx.req.get_body_data(), require("kenar.host").current())
            local ok, err = store:set("key", ("x"):rep(100000))
            ngx.print(tostring(ok), " ", tostring(err and err.code_name), " ", tostring(err))
         }
      }
   ]]

   local function with_redis(settings, f)
      local database, server = redis.start(settings), nginx.start { server = SET }
      local ok, err = pcall(f, database, function(url)
         return (server:ask("/set", url or database.url))
      end, server)
      server:stop()
      database:stop()
      assert(ok, err)
   end

   it("logs in where a password is given, and never shows it", function()
      with_redis({ requirepass = "se/cret" }, function(database, set, server)
         local function url(login)
            return ("redis://%s@127.0.0.1:%d"):format(login, database.port)
         end
         assert.equal("true nil nil", set(url ":se%2Fcret"))
         assert.equal("true nil nil", set(url "default:se%2Fcret"))
         local refused = set(url ":wr0ng-secret")
         assert.matches("^nil WRONGPASS ", refused)
         assert.matches("^nil NOAUTH ", set())
         assert.is_nil((refused .. server:log()):find("wr0ng-secret", 1, true))
      end)
   end)

   it("has no room where Redis has none: an error, and nothing that lives is dropped", function()
      with_redis({ maxmemory = "2mb" }, function(database, set)
         for i = 1, 20 do
            pcall(database.call, database, "set", "key " .. i, ("x"):rep(200000))
         end
         local kept = database:call "dbsize"
         assert.matches("^nil OOM ", set())
         assert.equal(kept, database:call "dbsize")
      end)
   end)

   it("refuses a Redis that drops keys when it is full", function()
      with_redis({ maxmemory = "10mb", ["maxmemory-policy"] = "allkeys-lru" }, function(_, set)
         local told = set()
         assert.matches("^nil UNFIT_SERVER ", told)
         assert.matches("maxmemory%-policy allkeys%-lru", told)
      end)
   end)

   it("says so when Redis is down, and works when it is there again", function()
      with_redis({}, function(database, set)
         assert.equal("true nil nil", set())
         database:halt(9)
         assert.matches("^nil NO_CONNECTION ", set())
         database:start()
         assert.equal("true nil nil", set())
      end)
   end)

   it("says what to do instead where nginx cannot wait for Redis", function()
      local server = nginx.start {
         http = "lua_shared_dict told 100k;",
         server = [[
            location = /told { content_by_lua_block { ngx.print(ngx.shared.told:get "why") } }
            location = /log {
               return 200;
               log_by_lua_block {
                  local store = require("kenar.store").open("redis://127.0.0.1", require("kenar.host").current())
                  local _, why = pcall(store.get, store, "key")
                  ngx.shared.told:set("why", tostring(why))
               }
            }
         ]],
      }
      local ok, why = pcall(function()
         server:ask "/log"
         return (server:ask "/told")
      end)
      server:stop()
      assert(ok, why)
      assert.matches("a command to Redis cannot wait in nginx's phase log: .* host%.spawn", why)
   end)
end)
