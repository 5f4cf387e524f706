--- The events of an inbox file as its owner has them in memory: all of them by their numbers, some with their bodies.

local lanes = require "kenar.inbox.lanes"

local backlog = {}

---@class kenar.InboxBacklog
---@field living integer how many there are, dead letters not among them
---@field lanes kenar.InboxLanes
local Backlog = {}
Backlog.__index = Backlog

-- Bodies in memory; one beyond is read from the file when its turn comes.
local BODIES = 10000

--- Add one that is in the file. It is counted in `living` already.
---@param entry kenar.InboxEntry
function Backlog:add(entry)
   if self._bodies < BODIES then
      self._bodies = self._bodies + 1
      self.lanes:add(entry, entry.order_key)
   else
      self.lanes:add(entry.number, entry.order_key)
   end
end

--- Add the events of a batch that was written.
---@param batch kenar.InboxBatch
function Backlog:add_batch(batch)
   for i = 1, batch.put_count do
      self:add(batch.puts[i])
   end
end

--- The next one whose turn it is, with its body.
---@return kenar.InboxEntry? entry nil without an error: there is none, kenar.Error? err
function Backlog:pop()
   while true do
      local item, key = self.lanes:pop()
      if type(item) ~= "number" then
         return item
      end
      local entry, err = self._file:load(item)
      if entry then
         self._bodies = self._bodies + 1
         return entry
      elseif err then
         self.lanes:ready(item, key)
         return nil, err
      end
      -- Somebody else has deleted it.
      self.living = self.living - 1
      self.lanes:release(key)
   end
end

--- One that was popped is gone: handled, or a dead letter.
---@param entry kenar.InboxEntry
function Backlog:settle(entry)
   self.living, self._bodies = self.living - 1, self._bodies - 1
   self.lanes:release(entry.order_key)
end

--- One that was popped is to be kept until `back`. Where many are, its body is not.
---@param entry kenar.InboxEntry
---@return table parked what `back` takes
function Backlog:park(entry)
   if self._bodies <= BODIES then
      return entry
   end
   self._bodies = self._bodies - 1
   return { number = entry.number, order_key = entry.order_key, has_no_body = true }
end

--- One that was popped, or parked, may be popped again.
---@param parked table
function Backlog:back(parked)
   self.lanes:ready(parked.has_no_body and parked.number or parked, parked.order_key)
end

---@param file kenar.InboxFile
---@return kenar.InboxBacklog
function backlog.new(file)
   return setmetatable({ living = 0, lanes = lanes.new(), _file = file, _bodies = 0 }, Backlog)
end

return backlog
