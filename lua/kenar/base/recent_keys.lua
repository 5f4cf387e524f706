--- A set that forgets: the keys that were added most recently are in it, and memory stays bounded.
--
-- As kenar.base.recent has it, in two generations, but for keys without values: those stand outside of Lua's memory,
-- so that its collector never has to walk through a hundred thousand of them. A key takes 16 to 29 bytes, however long
-- it is.

local core = require "kenar.core"

local recent_keys = {}

---@class kenar.RecentKeys
local RecentKeys = {}
RecentKeys.__index = RecentKeys

local DEFAULT_MAX = 100000
-- What core.key_set keeps beside each key.
local GONE, HELD = 0, 1

local function begin_generation(self)
   self._old:close()
   self._old, self._young, self._count = self._young, assert(core.key_set()), 0
end

--- Add a key that is not there.
---@param key string
---@return boolean added
function RecentKeys:add(key)
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

--- Forget a key now.
---@param key string
function RecentKeys:del(key)
   for _, generation in ipairs { self._young, self._old } do
      if generation:get(key) then
         generation:put(key, GONE)
      end
   end
end

--- Make one.
---@param options? { max?: integer } `max`: how many keys it holds at most (100,000); the last half as many are always
---   there
---@return kenar.RecentKeys
function recent_keys.new(options)
   local max = options and options.max or DEFAULT_MAX
   if type(max) ~= "number" or max < 2 then
      error("recent_keys: max is a number of at least 2", 2)
   end
   return setmetatable({
      _young = assert(core.key_set()), _old = assert(core.key_set()), _count = 0, _half = math.floor(max / 2),
   }, RecentKeys)
end

return recent_keys
