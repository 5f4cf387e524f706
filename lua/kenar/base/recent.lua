--- Maps and sets of bounded size that forget the oldest keys.
--
-- Keys are kept in two generations. When the younger generation holds half of `max`, the older generation is dropped
-- whole, so that no call searches for a key to drop.

local core = require "kenar.core"

local recent = {}

local DEFAULT_MAX = 100000
-- The values of a key in core.key_set.
local GONE, HELD = 0, 1

---@class kenar.RecentMap
local RecentMap = {}
RecentMap.__index = RecentMap

--- A set keeps its keys outside of Lua's memory, so that the garbage collector does not walk through them. A key takes
--- 16 to 29 bytes, whatever its length.
---@class kenar.RecentSet
local RecentSet = {}
RecentSet.__index = RecentSet

--- Look up a key; nil if it was never set, or was forgotten since.
---@param key string
---@return any value
function RecentMap:get(key)
   local value = self._young[key]
   if value == nil then
      value = self._old[key]
   end
   return value
end

-- Add a key that is in neither generation.
local function insert(self, key, value)
   if self._count >= self._half then
      self._old, self._young, self._count = self._young, {}, 0
   end
   self._count = self._count + 1
   self._young[key] = value
end

--- Set a key, and make it the most recent one.
---@param key string
---@param value any not nil
function RecentMap:set(key, value)
   if self._young[key] ~= nil then
      self._young[key] = value
      return
   end
   if self._old[key] ~= nil then
      self._old[key] = nil
   end
   insert(self, key, value)
end

--- Set a key if the map does not have it.
---@param key string
---@param value any not nil
---@return boolean added
function RecentMap:add(key, value)
   if self._young[key] ~= nil or self._old[key] ~= nil then
      return false
   end
   insert(self, key, value)
   return true
end

--- Remove a key.
---@param key string
function RecentMap:del(key)
   if self._young[key] ~= nil then
      self._young[key] = nil
      self._count = self._count - 1
   end
   if self._old[key] ~= nil then
      self._old[key] = nil
   end
end

local function begin_generation(self)
   self._old:close()
   self._old, self._young, self._count = self._young, assert(core.key_set()), 0
end

--- Add a key if the set does not have it.
---@param key string
---@return boolean added
function RecentSet:add(key)
   if self._count >= self._half then
      begin_generation(self)
   end
   local before = self._young:put(key, HELD)
   if before == nil then
      self._count = self._count + 1
      return self._old:get(key) ~= HELD
   end
   return before ~= HELD
end

--- Remove a key.
---@param key string
function RecentSet:del(key)
   for _, generation in ipairs { self._young, self._old } do
      if generation:get(key) then
         generation:put(key, GONE)
      end
   end
end

-- The number of keys in a generation.
local function half_of(options)
   local max = options and options.max or DEFAULT_MAX
   if type(max) ~= "number" or max < 2 then
      error("recent: max is a number of at least 2", 3)
   end
   return math.floor(max / 2)
end

--- Make a map. The keys set last, half of `max`, are always kept.
---@param options? { max?: integer } `max`: the largest number of keys held (100,000)
---@return kenar.RecentMap
function recent.map(options)
   return setmetatable({ _young = {}, _old = {}, _count = 0, _half = half_of(options) }, RecentMap)
end

--- Make a set. The keys added last, half of `max`, are always kept.
---@param options? { max?: integer } `max`: the largest number of keys held (100,000)
---@return kenar.RecentSet
function recent.set(options)
   local half = half_of(options)
   return setmetatable({
      _young = assert(core.key_set()), _old = assert(core.key_set()), _count = 0, _half = half,
   }, RecentSet)
end

return recent
