--- The order in which events are handled: the events of one key one after the other, others in the order of arrival.
--
-- At most one item of each key is out of its queue: it is ready to be popped, it was popped, or the caller keeps it
-- until it is ready again. The later items of the key wait in its queue until the key is released. An item without a
-- key waits for no other item. An item is any value but nil and false.

local keyed_queue = require "kenar.base.keyed_queue"
local queue = require "kenar.base.queue"

local lanes = {}

---@class kenar.InboxLanes
local Lanes = {}
Lanes.__index = Lanes

--- Make an item ready to be popped again. Its key is held.
---@param item any
---@param key string?
function Lanes:ready(item, key)
   self._keys[self._ready:push(item)] = key
end

--- Add an item behind the items of its key.
---@param item any
---@param key string?
function Lanes:add(item, key)
   if key == nil or self._waiting:take(key) then
      self:ready(item, key)
   else
      self._waiting:push(key, item)
   end
end

--- Hold a key for an item that the caller keeps.
---@param key string?
function Lanes:hold(key)
   if key ~= nil then
      self._waiting:take(key)
   end
end

--- Whether a key is held.
---@param key string?
---@return boolean
function Lanes:has(key)
   return key ~= nil and self._waiting:is_held(key)
end

--- Take the item that has been ready for the longest time.
---@return any item nil: none is ready, string? key
function Lanes:pop()
   local ready, keys = self._ready, self._keys
   local place = ready.first
   local item, key = ready:pop(), keys[place]
   keys[place] = nil
   return item, key
end

--- Release a key, because its item is gone. The next item of the key becomes ready.
---@param key string?
function Lanes:release(key)
   local item = key ~= nil and self._waiting:release(key)
   if item then
      self:ready(item, key)
   end
end

--- Whether an item is ready.
---@return boolean
function Lanes:has_ready()
   return not self._ready:is_empty()
end

---@return kenar.InboxLanes
function lanes.new()
   return setmetatable({ _waiting = keyed_queue.new(), _ready = queue.new(), _keys = {} }, Lanes)
end

return lanes
