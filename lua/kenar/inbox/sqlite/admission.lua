--- Gives new events their numbers, and finds the duplicates among them.

local recent = require "kenar.base.recent"

local admissions = {}

---@class kenar.SqliteInboxAdmission
local Admission = {}
Admission.__index = Admission

-- How many ids are known at most. At least half as many are always known, of waiting and of handled events.
local IDS = 200000

--- Note an id that the file has.
---@param id string
function Admission:know(id)
   self._known:add(id)
end

--- Note the highest number in the file.
---@param number integer
function Admission:begin_after(number)
   self._number = number
end

local function has_id(batch, id)
   for i = batch.put_count, 1, -1 do
      if batch.puts[i].id == id then
         return true
      end
   end
   return false
end

--- Add an event to a batch, unless its id is known.
---@param batch kenar.SqliteInboxBatch
---@param entry kenar.InboxEntry
---@return true|"duplicate" result
---@return boolean is_unwritten whether the event, or the one with the same id, is in the batch
function Admission:add(batch, entry)
   local id = entry.id
   if id and not self._known:add(id) then
      return "duplicate", has_id(batch, id)
   end
   local number = self._number + 1
   self._number, entry.number = number, number
   local count = batch.put_count + 1
   batch.put_count, batch.puts[count] = count, entry
   return true, true
end

--- Forget the ids of a batch that could not be written.
---@param batch kenar.SqliteInboxBatch
function Admission:withdraw(batch)
   for i = 1, batch.put_count do
      local id = batch.puts[i].id
      if id then
         self._known:del(id)
      end
   end
end

---@return kenar.SqliteInboxAdmission
function admissions.new()
   return setmetatable({ _known = recent.set { max = IDS }, _number = 0 }, Admission)
end

return admissions
