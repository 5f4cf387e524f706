--- A store in Redis, which all workers of all machines share. It works inside nginx, over lua-resty-redis.
--
-- Every call is one command or one script, which Redis executes as one step. Keys expire by Redis's clock.

local arguments = require "kenar.store.arguments"
local redis = require "kenar.db.redis"
local errors = require "kenar.error"
local redis_server = require "kenar.db.redis_server"

local expect_string = arguments.expect_string

local redis_store = {}

---@class kenar.RedisStore : kenar.Store
local Redis = {}
Redis.__index = Redis
Redis.__name = "kenar.store.redis"
Redis.shared = true

function Redis:__tostring()
   return ("%s: %s"):format(Redis.__name, self._connection.place)
end

-- The time to live in milliseconds is the last argument, "" for none.
local INCR = [[
#!lua
if redis.call("EXISTS", KEYS[1]) == 1 then
   return redis.call("INCRBYFLOAT", KEYS[1], ARGV[1])
elseif ARGV[2] == "" then
   redis.call("SET", KEYS[1], ARGV[1])
else
   redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
end
return ARGV[1]
]]

local CAS = [[
#!lua
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
   return 0
elseif ARGV[3] == "" then
   redis.call("SET", KEYS[1], ARGV[2])
else
   redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
end
return 1
]]

-- Deleting is allowed when Redis's memory is full.
local REMOVE = [[
#!lua flags=allow-oom
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
   return 0
end
return redis.call("DEL", KEYS[1])
]]

-- The ttl in milliseconds for Redis; nil without a ttl. The limit of 317 years is one that Redis can add to the time.
local function lifetime(ttl)
   local seconds = arguments.expiry(ttl, 0)
   return seconds < math.huge and ("%d"):format(math.min(math.max(1, math.ceil(seconds * 1000)), 1e13)) or nil
end

-- The connection, after a check of the server at its first use.
local function checked(self)
   if not self._is_checked then
      local ok, err = redis_server.check(self._connection)
      if not ok then
         return nil, err
      end
      self._is_checked = true
   end
   return self._connection
end

local function call(self, ...)
   local connection, err = checked(self)
   if not connection then
      return nil, err
   end
   return connection:call(...)
end

local function run(self, ...)
   local connection, err = checked(self)
   if not connection then
      return nil, err
   end
   return connection:run(...)
end

---@param key string
---@return string? value, kenar.Error? err
function Redis:get(key)
   expect_string("key", key)
   return call(self, "get", key)
end

local function set(self, key, value, ttl, ...)
   local milliseconds = lifetime(ttl)
   if milliseconds then
      return call(self, "set", key, value, "PX", milliseconds, ...)
   end
   return call(self, "set", key, value, ...)
end

---@param key string
---@param value string
---@param ttl? number seconds
---@return true? ok, kenar.Error? err
function Redis:set(key, value, ttl)
   expect_string("key", key)
   expect_string("value", value)
   local reply, err = set(self, key, value, ttl)
   return reply and true, err
end

---@param key string
---@return true? ok, kenar.Error? err
function Redis:del(key)
   expect_string("key", key)
   local reply, err = call(self, "del", key)
   return reply and true, err
end

---@param key string
---@param n? number default 1
---@param ttl? number seconds, for a new key
---@return number? value, kenar.Error? err
function Redis:incr(key, n, ttl)
   expect_string("key", key)
   local reply, err = run(self, self._scripts.incr, key, ("%.17g"):format(n or 1), lifetime(ttl) or "")
   if err and err.message:find("not a valid float", 1, true) then
      return nil, errors.new { kind = "store", message = "incr: the value is not a number" }
   end
   return reply and tonumber(reply), err
end

---@param key string
---@param value string
---@param ttl? number seconds
---@return boolean? added, kenar.Error? err
function Redis:add(key, value, ttl)
   expect_string("key", key)
   expect_string("value", value)
   local reply, err = set(self, key, value, ttl, "NX")
   if err then
      return nil, err
   end
   return reply ~= nil
end

---@param key string
---@param old string
---@param new? string nil deletes the key
---@param ttl? number seconds
---@return boolean? swapped, kenar.Error? err
function Redis:cas(key, old, new, ttl)
   expect_string("key", key)
   expect_string("old", old)
   local reply, err
   if new == nil then
      reply, err = run(self, self._scripts.remove, key, old)
   else
      expect_string("new", new)
      reply, err = run(self, self._scripts.cas, key, old, new, lifetime(ttl) or "")
   end
   if err then
      return nil, err
   end
   return reply == 1
end

--- Open a store. It sends nothing before its first use.
---@param rest string the URL after `redis:`
---@return kenar.RedisStore? store, kenar.Error? err kind `store`
function redis_store.new(rest)
   local connection, err = redis.new(rest)
   if not connection then
      return nil, err
   end
   local script = redis.script
   return setmetatable({
      _connection = connection, _is_checked = false,
      _scripts = { incr = script(INCR), cas = script(CAS), remove = script(REMOVE) },
   }, Redis)
end

return redis_store
