--- A binary min-heap of entries by time; entries of the same time keep the order in which they were added.

local timers = {}

local Timers = {}
Timers.__index = Timers

local function is_before(a, b)
   return a.at < b.at or (a.at == b.at and a.order < b.order)
end

local function rise(heap, entry, place)
   while place > 1 do
      local parent = math.floor(place / 2)
      local above = heap[parent]
      if not is_before(entry, above) then
         break
      end
      heap[place], above.place = above, place
      place = parent
   end
   heap[place], entry.place = entry, place
end

local function sink(heap, entry, place, count)
   while 2 * place <= count do
      local child = 2 * place
      if child < count and is_before(heap[child + 1], heap[child]) then
         child = child + 1
      end
      local below = heap[child]
      if not is_before(below, entry) then
         break
      end
      heap[place], below.place = below, place
      place = child
   end
   heap[place], entry.place = entry, place
end

--- Add a table; its fields `at`, `order` and `place` belong to the heap until it is removed or popped.
---@param entry table
---@param at number the entry's time
function Timers:add(entry, at)
   self.count, self.added = self.count + 1, self.added + 1
   entry.at, entry.order = at, self.added
   rise(self.heap, entry, self.count)
end

--- Remove an entry, wherever it stands, if it is in the heap.
function Timers:remove(entry)
   local heap, place = self.heap, entry.place
   if not place then
      return
   end
   local last, count = heap[self.count], self.count - 1
   heap[self.count], self.count, entry.place = nil, count, nil
   if last ~= entry then
      sink(heap, last, place, count)
      rise(heap, last, last.place)
   end
end

--- The time of the first entry.
---@return number|nil at
function Timers:next_at()
   local first = self.heap[1]
   return first and first.at
end

--- Remove the first entry, if its time has come.
---@param now number
---@return table|nil entry
function Timers:pop(now)
   local first = self.heap[1]
   if first and first.at <= now then
      self:remove(first)
      return first
   end
   return nil
end

function timers.new()
   return setmetatable({ heap = {}, count = 0, added = 0 }, Timers)
end

return timers
