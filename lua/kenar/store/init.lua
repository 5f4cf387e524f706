--- Stores: keys and values of bytes with a time to live.
--
-- All stores have one contract. Any call may wait:
--
--    get(key) -> value | nil | nil, err              set(key, value, ttl) -> true | nil, err
--    del(key) -> true | nil, err                     incr(key, n, ttl) -> number | nil, err
--    add(key, value, ttl) -> true | false | nil, err      only if the key does not exist
--    cas(key, old, new, ttl) -> true | false | nil, err   only if the value is `old`; `new` nil deletes the key
--
-- `ttl` is in seconds by the store's clock; a key without it stays. `incr` makes a missing key with the ttl and leaves
-- the ttl of an existing key as it is. A store never drops a key that has not expired: a full store returns an error.
-- Errors are of kind `store`. The field `shared` is true if several processes may have the store open.

local errors = require "kenar.error"
local urls = require "kenar.db.url"

local store = {}

---@class kenar.Store
---@field shared? boolean whether several processes may have it open
---@field get fun(self, key: string): string?, kenar.Error?
---@field set fun(self, key: string, value: string, ttl: number?): true?, kenar.Error?
---@field del fun(self, key: string): true?, kenar.Error?
---@field incr fun(self, key: string, n: number?, ttl: number?): number?, kenar.Error?
---@field add fun(self, key: string, value: string, ttl: number?): boolean?, kenar.Error?
---@field cas fun(self, key: string, old: string, new: string?, ttl: number?): boolean?, kenar.Error?

local methods = { "get", "set", "del", "incr", "add", "cas" }

---@class kenar.StoreKind
---@field scheme string what stands before the colon of its URL
---@field open fun(rest: string, host: kenar.Host): kenar.Store?, kenar.Error? `rest`: the URL after the colon
---@field blocks boolean whether each call blocks the process
---@field shared boolean whether several processes see the same keys
---@field is_file boolean whether `rest` is the path of a file
---@field driver? string the module of db/ that it stands on, loaded when it is needed
---@field lacks? fun(): string? of a kind with a driver: what is missing in this process; nil: nothing

---@type table<string, kenar.StoreKind>
local kinds = urls.named {
   memory = {
      blocks = false, shared = false, is_file = false,
      open = function(_, host)
         return require("kenar.store.memory").new { now = host.clock }
      end,
   },
   sqlite = {
      blocks = true, shared = true, is_file = true, driver = "kenar.db.sqlite",
      open = function(path, host)
         return require("kenar.store.sqlite").new { path = path, now = host.now }
      end,
   },
   shdict = {
      blocks = false, shared = true, is_file = false, driver = "kenar.db.shdict",
      open = function(zone)
         return require("kenar.store.shdict").new { zone = zone }
      end,
   },
   redis = {
      blocks = false, shared = true, is_file = false, driver = "kenar.db.redis",
      open = function(rest)
         return require("kenar.store.redis").new(rest)
      end,
   },
}

local function find(url)
   return urls.find(url, kinds, "store", "sqlite:bot.db")
end

--- The kind of store that a URL names.
---@param where any
---@return kenar.StoreKind? kind nil for a store of the program's own
---@return string rest the URL after the colon; without a kind, a message
function store.kind(where)
   if type(where) ~= "string" then
      return nil, "not a URL"
   end
   return find(where)
end

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

--- Whether a value is a store, or the URL of a known kind of store.
---@param where any
---@return true? ok, string? message
function store.check(where)
   if type(where) ~= "string" then
      if not store.is(where) then
         return nil, 'expected a URL such as "memory:", or a table with ' .. table.concat(methods, ", ")
      end
      return true
   end
   local kind, message = find(where)
   if not kind then
      return nil, message
   end
   return true
end

--- Open a store.
---@param where string|kenar.Store "memory:", "sqlite:bot.db" (from the working directory), "redis://host:6379/0"
---   (inside nginx), or a store of the program's own, which is returned
---@param host kenar.Host keys expire by its `clock` in memory, and by its `now` in a file
---@return kenar.Store? store, kenar.Error? err kind `store`
function store.open(where, host)
   if type(where) ~= "string" then
      local ok, message = store.check(where)
      if not ok then
         error("store: " .. message, 2)
      end
      return where
   end
   local kind, rest = find(where)
   local message = not kind and rest or kind and kind.lacks and kind.lacks()
   if message then
      return nil, errors.new { kind = "store", message = message }
   end
   return kind.open(rest, host)
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
