--- Collects everything that happens in one turn of the loop, and writes it in one transaction.

local files = require "kenar.inbox.sqlite.file"

local group_commit = {}

-- Turns for which changes and deletions wait for new events, to share their transaction.
local TURNS = 3

---@class kenar.SqliteInboxCommits
---@field batch kenar.SqliteInboxBatch what the next transaction will write
---@field failure? kenar.Error   of the last transaction
local Commits = {}
Commits.__index = Commits

local function is_empty(batch)
   return batch.put_count == 0 and batch.done_count == 0 and not batch.changes[1]
end

-- After a failure: drop the new events, and write the changes and deletions alone, or keep them for the next batch.
local function keep_marks(self, batch)
   local marks = self.batch
   marks.done, marks.done_count, marks.changes, marks.ids = batch.done, batch.done_count, batch.changes, batch.ids
   if batch.put_count > 0 and not is_empty(marks) and self._file:write(marks, self._host.now()) then
      self.batch = files.batch()
   end
end

--- Whether there is nothing to write.
---@return boolean
function Commits:is_idle()
   return is_empty(self.batch)
end

--- Write the batch now.
---@return true? ok, kenar.Error? err
function Commits:flush()
   self._is_due = false
   local batch = self.batch
   if is_empty(batch) then
      return true
   end
   self.batch = files.batch()
   local ok, err = self._file:write(batch, self._host.now())
   batch.is_over, batch.err, self.failure = true, err, err
   if ok then
      self._on.stored(batch)
   else
      self._on.dropped(batch)
      keep_marks(self, batch)
      self._on.failing()
   end
   if batch.waiters then
      batch.waiters:post(batch.waiting)
   end
   self._on.over()
   return ok, err
end

--- After a failure: write the batch. If it is empty, try a write, because Divar may send nothing more while the bot
--- reports that its inbox fails.
function Commits:try_again()
   if not is_empty(self.batch) then
      self:flush()
   elseif self.failure then
      local ok, err = self._file:probe()
      self.failure = err
      if not ok then
         self._on.failing()
      end
   end
end

local function flush_once(self)
   if self._is_due then
      self:flush()
   end
end

-- Write at the end of this turn, because a task waits.
local function flush_soon(self)
   if not self._is_due then
      self._is_due = true
      self._host.spawn(flush_once, self)
   end
end

local function flush_late(self, turns)
   if turns > 0 then
      self._host.spawn(flush_late, self, turns - 1)
   else
      self._is_noted = false
      self:flush()
   end
end

--- Write changes and deletions after some turns, together with the events that are put meanwhile.
function Commits:flush_later()
   if not self._is_noted then
      self._is_noted = true
      self._host.spawn(flush_late, self, TURNS)
   end
end

--- Wait until a batch is written.
---@param batch kenar.SqliteInboxBatch
---@return true? ok, kenar.Error? err
function Commits:wait(batch)
   flush_soon(self)
   batch.waiters = batch.waiters or self._host.semaphore(0)
   batch.waiting = (batch.waiting or 0) + 1
   batch.waiters:wait()
   -- On a host that stops, `wait` returns at once.
   if not batch.is_over then
      self:flush()
   end
   return not batch.err or nil, batch.err
end

---@param host kenar.Host
---@param file kenar.SqliteInboxFile
---@param on table<string, function> `stored(batch)` and `dropped(batch)`: its events were, or were not, written;
---   `failing()`: call `try_again` later; `over()`: a transaction has ended
---@return kenar.SqliteInboxCommits
function group_commit.new(host, file, on)
   return setmetatable({
      batch = files.batch(), _host = host, _file = file, _on = on, _is_due = false, _is_noted = false,
   }, Commits)
end

return group_commit
