--- One transaction for all that happened in one turn of the loop, and those who wait for it.

local files = require "kenar.inbox.sqlite.file"

local group_commit = {}

-- Turns for which marks wait for events to share their transaction.
local TURNS = 3

---@class kenar.InboxCommits
---@field batch kenar.InboxBatch what has gathered
---@field failure? kenar.Error   why the last transaction failed
local Commits = {}
Commits.__index = Commits

local function is_empty(batch)
   return batch.put_count == 0 and batch.done_count == 0 and not batch.changes[1]
end

-- Events could not be stored. What became of others is written as soon as it can be.
local function keep_marks(self, batch)
   local marks = self.batch
   marks.done, marks.done_count, marks.changes, marks.ids = batch.done, batch.done_count, batch.changes, batch.ids
   if batch.put_count > 0 and not is_empty(marks) and self._file:write(marks, self._host.now()) then
      self.batch = files.batch()
   end
end

--- Whether nothing waits to be written.
---@return boolean
function Commits:is_idle()
   return is_empty(self.batch)
end

--- Write what has gathered, now.
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

--- After a failure: write what is owed. Where nothing is, see whether writing works again: who is told that the inbox
--- fails may send nothing more until he is told that it does not.
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

-- At the end of this turn, for somebody waits.
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

--- Write what has become of events, in some turns: with what is put meanwhile, if something is.
function Commits:flush_later()
   if not self._is_noted then
      self._is_noted = true
      self._host.spawn(flush_late, self, TURNS)
   end
end

--- Wait until a batch is written.
---@param batch kenar.InboxBatch
---@return true? ok, kenar.Error? err
function Commits:wait(batch)
   flush_soon(self)
   batch.waiters = batch.waiters or self._host.semaphore(0)
   batch.waiting = (batch.waiting or 0) + 1
   batch.waiters:wait()
   -- On a host that stops nobody waits.
   if not batch.is_over then
      self:flush()
   end
   return not batch.err or nil, batch.err
end

---@param host table
---@param file kenar.InboxFile
---@param on table<string, function> `stored(batch)`, `dropped(batch)`: its events; `failing()`: writing is to be
---   tried again later; `over()`: after each transaction
---@return kenar.InboxCommits
function group_commit.new(host, file, on)
   return setmetatable({
      batch = files.batch(), _host = host, _file = file, _on = on, _is_due = false, _is_noted = false,
   }, Commits)
end

return group_commit
