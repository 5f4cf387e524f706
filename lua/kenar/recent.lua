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

--- Set a key, which is the most recent one from now on.
---@param key string
---@param value any not nil
function Recent:set(key, value)
   local young = self._young
   if young[key] == nil then
      if self._count >= self._half then
         self._old = young
         young = {}
         self._young, self._count = young, 0
      end
      self._old[key] = nil
      self._count = self._count + 1
   end
   young[key] = value
end

--- Forget a key now.
---@param key string
function Recent:del(key)
   if self._young[key] ~= nil then
      self._young[key] = nil
      self._count = self._count - 1
   end
   self._old[key] = nil
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
