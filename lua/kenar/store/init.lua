--- What a bot remembers: keys and byte values with a time to live.
--
-- Every store is one contract, and any call of it may wait:
--
--    get(key) -> value | nil | nil, err              set(key, value, ttl) -> true | nil, err
--    del(key) -> true | nil, err                     incr(key, n, ttl) -> number | nil, err
--    add(key, value, ttl) -> true | false | nil, err      only where there is no such key
--    cas(key, old, new, ttl) -> true | false | nil, err   only where the value is `old`; `new` nil deletes the key
--
-- `ttl` are seconds by the store's clock; without it a key stays. `incr` makes a missing key with the ttl and leaves an
-- existing one's as it is. A store never drops a key that has not expired: having no room is an error. Errors are of
-- kind `store`. A store that several processes may have open says so: its field `shared` is true.

local errors = require "kenar.error"
local url_scheme = require "kenar.db.url"

local store = {}

---@class kenar.Store
---@field shared? boolean whether other processes may have it open as well
---@field get fun(self, key: string): string?, kenar.Error?
---@field set fun(self, key: string, value: string, ttl: number?): true?, kenar.Error?
---@field del fun(self, key: string): true?, kenar.Error?
---@field incr fun(self, key: string, n: number?, ttl: number?): number?, kenar.Error?
---@field add fun(self, key: string, value: string, ttl: number?): boolean?, kenar.Error?
---@field cas fun(self, key: string, old: string, new: string?, ttl: number?): boolean?, kenar.Error?

local methods = { "get", "set", "del", "incr", "add", "cas" }

-- One row a scheme: what opens it, given what stands behind the colon.
local schemes = {
   memory = function(_, host)
      return require("kenar.store.memory").new { now = host.clock }
   end,
   sqlite = function(path, host)
      if not pcall(require, "kenar.sqlite") then
         return nil, errors.new {
            kind = "store",
            message = "kenar was built without SQLite: install libsqlite3-dev (Debian's name of it) and build again",
         }
      end
      return require("kenar.store.sqlite").new { path = path, now = host.now }
   end,
   shdict = function(zone)
      return require("kenar.store.shdict").new { zone = zone }
   end,
   redis = function(rest)
      return require("kenar.store.redis").new(rest)
   end,
}

--- Whether a value is a store: a table with the contract's methods.
---@param value any
---@return boolean
function store.is(value)
   if type(value) ~= "table" then
      return false
   end
   for _, name in ipairs(methods) do
      if type(value[name]) ~= "function" then
         return false
      end
   end
   return true
end

--- Whether a value is a store or the URL of one that could be opened.
---@param where any
---@return true? ok, string? message
function store.check(where)
   if type(where) ~= "string" then
      if not store.is(where) then
         return nil, 'expected a URL such as "memory:", or a table with ' .. table.concat(methods, ", ")
      end
      return true
   end
   local open, message = url_scheme.find(where, schemes, "store", "sqlite:bot.db")
   if not open then
      return nil, message
   end
   return true
end

--- Open a store.
---@param where string|kenar.Store "memory:", "sqlite:bot.db" (from the working directory), "redis://host:6379/0"
---   (inside nginx), or a store of the program's own, which is given back
---@param host table whose clock the store keeps: `clock` in this process, `now` in a file
---@return kenar.Store? store, kenar.Error? err kind `store`
function store.open(where, host)
   if type(where) ~= "string" then
      local ok, message = store.check(where)
      if not ok then
         error("store: " .. message, 2)
      end
      return where
   end
   local open, rest = url_scheme.find(where, schemes, "store", "sqlite:bot.db")
   if not open then
      return nil, errors.new { kind = "store", message = rest }
   end
   return open(rest, host)
end

local Namespaced = {}
Namespaced.__index = Namespaced

for _, name in ipairs(methods) do
   Namespaced[name] = function(self, key, ...)
      local inner = self.inner
      return inner[name](inner, self.prefix .. key, ...)
   end
end

--- The part of a store whose keys begin with a prefix, as a store.
---@param inner kenar.Store
---@param prefix string
---@return kenar.Store
function store.namespaced(inner, prefix)
   return setmetatable({ inner = inner, prefix = prefix, shared = inner.shared }, Namespaced)
end

return store
