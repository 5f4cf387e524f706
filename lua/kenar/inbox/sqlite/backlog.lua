--- The events of an inbox file in its process's memory: the numbers of all events, and the bodies of some.

local lanes = require "kenar.inbox.lanes"

local backlog = {}

---@class kenar.SqliteInboxBacklog
---@field living integer how many events there are, without dead letters
---@field lanes kenar.InboxLanes
local Backlog = {}
Backlog.__index = Backlog

-- The most bodies in memory. Any other body is read from the file when its event is popped.
local BODIES = 10000

--- Add an event that is in the file. The caller has counted it in `living`.
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
---@param batch kenar.SqliteInboxBatch
function Backlog:add_batch(batch)
   for i = 1, batch.put_count do
      self:add(batch.puts[i])
   end
end

--- Take the next event, with its body.
---@return kenar.InboxEntry? entry nil without an error: none is ready, kenar.Error? err
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
      -- Another process has deleted it.
      self.living = self.living - 1
      self.lanes:release(key)
   end
end

--- Remove a popped event, because it was handled or is a dead letter.
---@param entry kenar.InboxEntry
function Backlog:settle(entry)
   self.living, self._bodies = self.living - 1, self._bodies - 1
   self.lanes:release(entry.order_key)
end

--- Keep a popped event for `back`. If too many bodies are in memory, the body of this one is dropped.
---@param entry kenar.InboxEntry
---@return table parked for `back`
function Backlog:park(entry)
   if self._bodies <= BODIES then
      return entry
   end
   self._bodies = self._bodies - 1
   return { number = entry.number, order_key = entry.order_key, has_no_body = true }
end

--- Make a popped or parked event ready again.
---@param parked table
function Backlog:back(parked)
   self.lanes:ready(parked.has_no_body and parked.number or parked, parked.order_key)
end

---@param file kenar.SqliteInboxFile
---@return kenar.SqliteInboxBacklog
function backlog.new(file)
   return setmetatable({ living = 0, lanes = lanes.new(), _file = file, _bodies = 0 }, Backlog)
end

return backlog
