--- Whose turn it is: one at a time of each key, first come first served, whatever happens to the other keys.
--
-- Of each key at most one item is out: ready to be popped, popped, or kept by the caller until it comes back. The
-- others stand behind it until the key is released. What an item is does not matter here.

local lanes = {}

---@class kenar.InboxLanes
local Lanes = {}
Lanes.__index = Lanes

-- Most keys have one item and nothing behind it, which costs no table.
local NOTHING_BEHIND = true
-- So many keys without an item stay, as false: see kenar.base.keyed_lock.
local KEPT_KEYS = 1024

local function forget_free_keys(self)
   for key, behind in pairs(self._behind) do
      if not behind then
         self._behind[key] = nil
      end
   end
   self._free = 0
end

--- Let an item that is its key's first be popped: it has just come, or comes back.
---@param item any
---@param key string?
function Lanes:ready(item, key)
   local last = self._last + 1
   self._last, self._items[last], self._keys[last] = last, item, key
end

--- Add an item behind those of its key; without a key, behind nobody.
---@param item any
---@param key string?
function Lanes:add(item, key)
   local behind = key ~= nil and self._behind[key]
   if not behind then
      self:hold(key)
      self:ready(item, key)
   elseif behind == NOTHING_BEHIND then
      self._behind[key] = { first = 1, last = 1, item }
   else
      behind.last = behind.last + 1
      behind[behind.last] = item
   end
end

--- Note that a key has an item out, which the caller keeps.
---@param key string?
function Lanes:hold(key)
   if key ~= nil then
      if self._behind[key] == false then
         self._free = self._free - 1
      end
      self._behind[key] = NOTHING_BEHIND
   end
end

--- Whether a key has an item out.
---@param key string?
---@return boolean
function Lanes:has(key)
   return key ~= nil and self._behind[key] and true or false
end

--- Take the item that has been ready longest.
---@return any item, string? key
function Lanes:pop()
   local first = self._first
   if first > self._last then
      return nil
   end
   local item, key = self._items[first], self._keys[first]
   self._items[first], self._keys[first] = nil, nil
   if first == self._last then
      self._first, self._last = 1, 0
   else
      self._first = first + 1
   end
   return item, key
end

--- A key's first item is gone: the next one is ready.
---@param key string?
function Lanes:release(key)
   local behind = key ~= nil and self._behind[key]
   if behind == NOTHING_BEHIND then
      self._behind[key] = false
      self._free = self._free + 1
      if self._free > KEPT_KEYS then
         forget_free_keys(self)
      end
   elseif behind then
      local first = behind.first
      local item = behind[first]
      behind[first], behind.first = nil, first + 1
      if first == behind.last then
         self._behind[key] = NOTHING_BEHIND
      end
      self:ready(item, key)
   end
end

---@return boolean
function Lanes:has_ready()
   return self._first <= self._last
end

---@return kenar.InboxLanes
function lanes.new()
   return setmetatable({ _behind = {}, _free = 0, _items = {}, _keys = {}, _first = 1, _last = 0 }, Lanes)
end

return lanes
