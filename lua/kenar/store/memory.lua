--- A store in this process's memory. It ends with the process, and no other process sees it.

local arguments = require "kenar.store.arguments"
local core = require "kenar.core"
local errors = require "kenar.error"

local expect_string, expiry = arguments.expect_string, arguments.expiry

local memory = {}

---@class kenar.MemoryStore : kenar.Store
local Memory = {}
Memory.__index = Memory
Memory.__name = "kenar.store.memory"

-- No value is shown, because values hold tokens.
function Memory:__tostring()
   return ("%s: %d keys"):format(Memory.__name, self._count)
end

local DEFAULT_MAX_KEYS = 100000
-- The number of keys at which expired keys are deleted first; later whenever the number has doubled.
local FIRST_SWEEP = 1024

local function forget(self, key)
   if self._entries[key] then
      self._entries[key] = nil
      self._count = self._count - 1
   end
end

-- The entry of a key that has not expired.
local function living(self, key)
   local entry = self._entries[key]
   if entry and entry.expires_at <= self._now() then
      forget(self, key)
      return nil
   end
   return entry
end

local function sweep(self)
   local now, earliest = self._now(), math.huge
   -- `pairs` allows fields to be cleared on the way, but not to be added.
   for key, entry in pairs(self._entries) do
      if entry.expires_at <= now then
         forget(self, key)
      else
         earliest = math.min(earliest, entry.expires_at)
      end
   end
   self._earliest = earliest
   self._sweep_at = math.max(FIRST_SWEEP, self._count * 2)
end

-- Make or replace an entry. Returns false if the store is full.
local function put(self, key, value, expires_at)
   local entry = self._entries[key]
   if entry then
      entry.value, entry.expires_at = value, expires_at
   else
      local is_full = self._count >= self._max_keys
      if (is_full or self._count >= self._sweep_at) and self._earliest <= self._now() then
         sweep(self)
         is_full = self._count >= self._max_keys
      end
      if is_full then
         return false
      end
      self._entries[key] = { value = value, expires_at = expires_at }
      self._count = self._count + 1
   end
   self._earliest = math.min(self._earliest, expires_at)
   return true
end

local function full(self)
   return nil, errors.new {
      kind = "store", message = ("no memory: the store holds %d keys that have not expired"):format(self._max_keys),
   }
end

---@param key string
---@return string? value
function Memory:get(key)
   expect_string("key", key)
   local entry = living(self, key)
   return entry and entry.value
end

---@param key string
---@param value string
---@param ttl? number seconds
---@return true? ok, kenar.Error? err
function Memory:set(key, value, ttl)
   expect_string("key", key)
   expect_string("value", value)
   if not put(self, key, value, expiry(ttl, self._now())) then
      return full(self)
   end
   return true
end

---@param key string
---@return true
function Memory:del(key)
   expect_string("key", key)
   forget(self, key)
   return true
end

---@param key string
---@param n? number default 1
---@param ttl? number seconds, for a new key
---@return number? value, kenar.Error? err
function Memory:incr(key, n, ttl)
   expect_string("key", key)
   n = n or 1
   local entry = living(self, key)
   if not entry then
      if not put(self, key, ("%.17g"):format(n), expiry(ttl, self._now())) then
         return full(self)
      end
      return n
   end
   local value = tonumber(entry.value)
   if not value then
      return nil, errors.new { kind = "store", message = "incr: the value is not a number" }
   end
   value = value + n
   entry.value = ("%.17g"):format(value)
   return value
end

---@param key string
---@param value string
---@param ttl? number seconds
---@return boolean? added, kenar.Error? err
function Memory:add(key, value, ttl)
   expect_string("key", key)
   expect_string("value", value)
   if living(self, key) then
      return false
   end
   if not put(self, key, value, expiry(ttl, self._now())) then
      return full(self)
   end
   return true
end

---@param key string
---@param old string
---@param new? string nil deletes the key
---@param ttl? number seconds
---@return boolean swapped
function Memory:cas(key, old, new, ttl)
   expect_string("key", key)
   expect_string("old", old)
   local entry = living(self, key)
   if not entry or entry.value ~= old then
      return false
   end
   if new == nil then
      forget(self, key)
   else
      expect_string("new", new)
      put(self, key, new, expiry(ttl, self._now()))
   end
   return true
end

--- Make a store.
---@param options? { now: (fun(): number), max_keys: integer } `now`: a clock in seconds that does not jump;
---   `max_keys` (100,000): how many keys it holds at most
---@return kenar.MemoryStore
function memory.new(options)
   options = options or {}
   return setmetatable({
      _now = options.now or core.clock, _max_keys = options.max_keys or DEFAULT_MAX_KEYS,
      _entries = {}, _count = 0, _earliest = math.huge, _sweep_at = FIRST_SWEEP,
   }, Memory)
end

return memory
