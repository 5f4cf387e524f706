--- One holder a key; the others stand in the key's queue, and different keys do not wait for each other.
--
-- A key that is held is `true` here, or the queue of those behind its holder. Most keys never have a queue, so that
-- holding a key costs an access to a table and no more. A key that was released stays for a while as `false`: a table
-- in which each key is removed at once is rehashed again and again.

local queue = require "kenar.base.queue"

local keyed_queue = {}

---@class kenar.KeyedQueue
local KeyedQueue = {}
KeyedQueue.__index = KeyedQueue
KeyedQueue.__name = "kenar.keyed_queue"

-- Released keys that stay.
local KEPT_KEYS = 1024

local function forget_released(self)
   local states = self._states
   for key, state in pairs(states) do
      if not state then
         states[key] = nil
      end
   end
   self._released = 0
end

--- Hold a key, unless it is held.
---@param key string
---@return boolean taken
function KeyedQueue:take(key)
   local states = self._states
   local state = states[key]
   if state then
      return false
   elseif state == false then
      self._released = self._released - 1
   end
   states[key] = true
   return true
end

--- Add an item behind the holder of a key.
---@param key string one that is held
---@param item any not nil, not false
---@return integer place for `remove`
function KeyedQueue:push(key, item)
   local states = self._states
   local state = states[key]
   if state == true then
      state = queue.new()
      states[key] = state
   end
   return state:push(item)
end

--- Remove an item that stands behind the holder of a key.
---@param key string
---@param place integer that `push` returned
---@param item any
---@return boolean removed false if `release` has returned the item already
function KeyedQueue:remove(key, place, item)
   local state = self._states[key]
   return type(state) == "table" and state:remove(place, item)
end

--- The holder of a key lets go of it.
---@param key string
---@return any item that stood first in the key's queue, and holds the key now; nil: the key is free
function KeyedQueue:release(key)
   local states = self._states
   local state = states[key]
   local item = state ~= true and state:pop()
   if item then
      return item
   end
   states[key] = false
   self._released = self._released + 1
   if self._released > KEPT_KEYS then
      forget_released(self)
   end
   return nil
end

--- Whether a key is held.
---@param key string
---@return boolean
function KeyedQueue:is_held(key)
   return self._states[key] and true or false
end

--- How many keys are held.
---@return integer
function KeyedQueue:count()
   local count = 0
   for _, state in pairs(self._states) do
      count = count + (state and 1 or 0)
   end
   return count
end

---@return kenar.KeyedQueue
function keyed_queue.new()
   return setmetatable({ _states = {}, _released = 0 }, KeyedQueue)
end

return keyed_queue
