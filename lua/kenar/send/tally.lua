--- Records the outcomes of a run's rows: counts them, recognises repeated keys, and writes the journal.

local core = require "kenar.core"
local errors = require "kenar.error"

local send_tally = {}

---@class kenar.SendTally
---@field journal? kenar.Journal
---@field left integer rows that were not tried
local Tally = {}
Tally.__index = Tally

-- The largest number of rows in doubt that a report lists.
local LISTED = 1000
-- Outcomes after which the journal refuses the key. After another outcome the run itself remembers the key.
local is_over = { sent = true, failed = true }

local function see(self, key)
   if key then
      self._seen:put(key, 0)
   end
end

--- Whether a row must be skipped because of its key. A skipped row is counted.
---@param key string?
---@return boolean
function Tally:pass_over(key)
   if not key then
      return false
   end
   if not self._in_flight[key] and not self._seen:get(key) then
      local state = self.journal and self.journal:state(key)
      if state == nil or state == "retry" then
         return false
      elseif state == "doubt" then
         -- Not counted, because the journal lists the key as in doubt.
         see(self, key)
         return true
      end
   end
   self._skipped = self._skipped + 1
   return true
end

--- Record a row that has a mistake.
---@param key string?
function Tally:refuse(key)
   self._failed = self._failed + 1
   see(self, key)
end

--- Record a row that is not tried.
---@param key string?
function Tally:leave(key)
   self.left = self.left + 1
   see(self, key)
end

--- Record that a row has been started.
---@param item kenar.SendRow
function Tally:begin(item)
   self._flying = self._flying + 1
   if item.key then
      self._in_flight[item.key] = true
   end
end

--- Record that the request of a row is about to leave.
---@param item kenar.SendRow
---@return true? ok, kenar.Error? err if the journal cannot be written; the request must not leave then
function Tally:depart(item)
   if not self.journal then
      return true
   end
   local ok, err = self.journal:begin(item.key)
   if not ok then
      err.sent, err.retryable = "no", false
      return nil, err
   end
   item.is_written = true
   return true
end

local function note_doubt(self, item)
   self._doubts = self._doubts + 1
   local listed = self._in_doubt
   if #listed < LISTED then
      listed[#listed + 1] = item.key or item.number
   end
end

local counted = { sent = "_sent", failed = "_failed", retry = "_failed" }

--- Record the outcome of a row.
---@param item kenar.SendRow
---@param became "sent"|"failed"|"retry"|"doubt"|"left"
---@param err kenar.Error?
---@return true? ok, kenar.Error? err if the journal could not be written; the row stays in doubt
function Tally:finish(item, became, err)
   local key = item.key
   self._flying = self._flying - 1
   if key then
      self._in_flight[key] = nil
   end
   if not self.journal or not is_over[became] then
      see(self, key)
   end
   if item.is_written then
      local ok, why = self.journal:finish(key, became == "left" and "retry" or became, err and tostring(err))
      if not ok then
         note_doubt(self, item)
         return nil, why
      end
   end
   if became == "left" then
      self.left = self.left + 1
   elseif became == "doubt" then
      note_doubt(self, item)
   else
      self[counted[became]] = self[counted[became]] + 1
   end
   return true
end

--- The counts that a progress display needs.
---@return table
function Tally:numbers()
   return {
      sent = self._sent, failed = self._failed, skipped = self._skipped, in_doubt = self._doubts,
      in_flight = self._flying,
   }
end

--- The counts for the report of the run.
---@return kenar.SendManyReport
function Tally:report()
   return {
      sent = self._sent, failed = self._failed, skipped = self._skipped,
      in_doubt = self._in_doubt, in_doubt_count = self._doubts,
   }
end

--- Close the journal, and add its rows in doubt to the report, including those of earlier runs.
---@param report kenar.SendManyReport
---@return true? ok, kenar.Error? err
function Tally:close(report)
   self._seen:close()
   local journal = self.journal
   if not journal then
      return true
   end
   local keys, total = journal:in_doubt(LISTED)
   if keys then
      report.in_doubt, report.in_doubt_count = keys, total
   end
   report.torn = journal.torn or nil
   local ok, err = journal:close()
   if not keys then
      return nil, total
   end
   return ok, err
end

--- Make a tally.
---@param journal? kenar.Journal
---@return kenar.SendTally
function send_tally.new(journal)
   local seen, message = core.key_set()
   if not seen then
      error(errors.new { kind = "store", message = message }, 0)
   end
   return setmetatable({
      journal = journal, left = 0, _seen = seen, _in_flight = {}, _flying = 0, _sent = 0, _failed = 0, _skipped = 0,
      _doubts = 0, _in_doubt = {},
   }, Tally)
end

return send_tally
