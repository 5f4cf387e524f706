--- A queue: first in, first out.
--
-- The items stand in the queue's table itself, from `first` to `last`. The first and the last one are items, unless the
-- queue is empty; between them `false` stands for an item that was removed.

local queue = {}

---@class kenar.Queue
---@field first integer
---@field last integer
---@field removed integer how many items between `first` and `last` were removed
local Queue = {}
Queue.__index = Queue
Queue.__name = "kenar.queue"

--- Add an item at the end.
---@param item any not nil, not false
---@return integer place for `remove`
function Queue:push(item)
   local last = self.last + 1
   self.last, self[last] = last, item
   return last
end

--- Take the first item.
---@return any item nil if the queue is empty
function Queue:pop()
   local first, last = self.first, self.last
   if first > last then
      return nil
   end
   local item = self[first]
   self[first] = nil
   if first == last then
      -- The numbers begin again, so that the table does not move its items from one part to the other.
      self.first, self.last = 1, 0
      return item
   end
   first = first + 1
   while not self[first] do
      self[first], self.removed = nil, self.removed - 1
      first = first + 1
   end
   self.first = first
   return item
end

--- The first item, which stays.
---@return any item nil if the queue is empty
function Queue:peek()
   return self[self.first]
end

--- Remove an item, wherever it stands.
---@param place integer that `push` returned
---@param item any
---@return boolean removed false if the item is not in the queue any more
function Queue:remove(place, item)
   if self[place] ~= item then
      return false
   elseif place == self.first then
      self:pop()
      return true
   end
   self[place], self.removed = false, self.removed + 1
   local last = self.last
   while not self[last] do
      self[last], self.removed = nil, self.removed - 1
      last = last - 1
   end
   self.last = last
   return true
end

---@return boolean
function Queue:is_empty()
   return self.first > self.last
end

---@return integer
function Queue:count()
   return self.last - self.first + 1 - self.removed
end

-- For hot paths, which save the lookup of the method.
queue.push, queue.pop = Queue.push, Queue.pop

---@return kenar.Queue
function queue.new()
   return setmetatable({ first = 1, last = 0, removed = 0 }, Queue)
end

return queue
