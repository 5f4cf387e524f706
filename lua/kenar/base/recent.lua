--- A table that forgets: what was set most recently is in it, and memory stays bounded.
--
-- Keys live in two generations. When the younger one has half of what may be kept, the older one is forgotten at
-- once, so that no call ever has to look for what to throw away.

local recent = {}

---@class kenar.Recent
local Recent = {}
Recent.__index = Recent

local DEFAULT_MAX = 100000

--- The value of a key; nil when it was never set, or so long ago that it was forgotten.
---@param key string
---@return any value
function Recent:get(key)
   local value = self._young[key]
   if value == nil then
      value = self._old[key]
   end
   return value
end

-- A key that is in neither generation.
local function insert(self, key, value)
   if self._count >= self._half then
      self._old, self._young, self._count = self._young, {}, 0
   end
   self._count = self._count + 1
   self._young[key] = value
end

--- Set a key, which is the most recent one from now on.
---@param key string
---@param value any not nil
function Recent:set(key, value)
   if self._young[key] ~= nil then
      self._young[key] = value
      return
   end
   if self._old[key] ~= nil then
      self._old[key] = nil
   end
   insert(self, key, value)
end

--- Set a key that is not there.
---@param key string
---@param value any not nil
---@return boolean added
function Recent:add(key, value)
   if self._young[key] ~= nil or self._old[key] ~= nil then
      return false
   end
   insert(self, key, value)
   return true
end

--- Forget a key now.
---@param key string
function Recent:del(key)
   if self._young[key] ~= nil then
      self._young[key] = nil
      self._count = self._count - 1
   end
   if self._old[key] ~= nil then
      self._old[key] = nil
   end
end

--- Make one.
---@param options? { max?: integer } `max`: how many keys it holds at most (100,000); the last half as many are always
---   there
---@return kenar.Recent
function recent.new(options)
   local max = options and options.max or DEFAULT_MAX
   if type(max) ~= "number" or max < 2 then
      error("recent: max is a number of at least 2", 2)
   end
   return setmetatable({ _young = {}, _old = {}, _count = 0, _half = math.floor(max / 2) }, Recent)
end

return recent
