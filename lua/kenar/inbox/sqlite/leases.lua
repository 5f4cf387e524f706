--- The events under a lease, and events that were not handled: they are delayed, or become dead letters.
--
-- Times in memory are the host's monotonic clock's. Times in the file are the wall clock's, because another process may
-- read them after a reboot. The wall clock may have been set back, so an inherited delay is limited to the longest
-- back-off.

local backoff = require "kenar.inbox.backoff"
local failures = require "kenar.inbox.failures"
local keepers = require "kenar.inbox.keeper"
local schema = require "kenar.inbox.sqlite.schema"
local timers = require "kenar.base.timers"

local leases = {}

---@class kenar.SqliteInboxLeases
---@field running_count integer
---@field delayed table
---@field dead integer
local Leases = {}
Leases.__index = Leases

-- Seconds between two looks for replayed dead letters, from a failed write to the next one, from the last write to the
-- emptying of the write-ahead log, and until that is tried again if a process reads the file or the disk is full.
local LOOK_EVERY, TRY_AGAIN_AFTER, QUIET, AGAIN_AFTER = 1, 1, 10, 60

local states = schema.states

local function note(self, entry, state, due, reason)
   local changes = self._commits.batch.changes
   changes[#changes + 1] = {
      number = entry.number, state = state, attempts = entry.attempts, due = due,
      reason = failures.reason(reason),
   }
   self._commits:flush_later()
end

--- Begin a lease of each event.
---@param list kenar.InboxEntry[] each gets a field `lease`
---@param seconds number
function Leases:lend(list, seconds)
   if not list[1] then
      return
   end
   local ends_at = self._clock() + seconds
   for i = 1, #list do
      local entry, lease = list[i], self._last + 1
      self._last = lease
      entry.lease, entry.lease_ends_at = lease, ends_at
      self._running[lease] = entry
   end
   self.running_count = self.running_count + #list
   self._keeper:wake_by(ends_at)
end

--- End a lease.
---@param lease integer
---@return kenar.InboxEntry? entry
function Leases:take_back(lease)
   local entry = self._running[lease]
   if entry then
      self._running[lease] = nil
      self.running_count = self.running_count - 1
   end
   return entry
end

--- Make a popped event a dead letter.
---@param entry kenar.InboxEntry
---@param reason string?
function Leases:bury(entry, reason)
   note(self, entry, states.dead, self._host.now(), reason)
   self._backlog:settle(entry)
   self.dead = self.dead + 1
   self._keeper:wake_by(self._clock() + LOOK_EVERY)
end

--- See `Inbox:fail`.
---@return "retry"|"dead"|nil became, kenar.Error? err
function Leases:fail(lease, delay, reason)
   local entry = self:take_back(lease)
   if not entry then
      return failures.lease_over()
   elseif entry.attempts >= self._attempts then
      self:bury(entry, reason)
      return "dead"
   end
   delay = backoff.delay(entry.attempts, delay)
   note(self, entry, states.pending, self._host.now() + delay, reason)
   self:delay(self._backlog:park(entry), delay)
   return "retry"
end

--- Delay a parked event.
---@param parked table
---@param seconds number
function Leases:delay(parked, seconds)
   local at = self._clock() + math.max(0, math.min(seconds, backoff.LONGEST_DELAY))
   self.delayed:add(parked, at)
   self._keeper:wake_by(at)
end

--- Continue a delay of an earlier process.
---@param parked table
---@param due number wall seconds
function Leases:inherit(parked, due)
   self:delay(parked, math.min(due - self._host.now(), backoff.LONGEST))
end

--- See `Inbox:extend`.
---@return true? ok, kenar.Error? err
function Leases:extend(lease, seconds)
   local entry = self._running[lease]
   if not entry then
      return failures.lease_over()
   end
   entry.lease_ends_at = self._clock() + seconds
   self._keeper:wake_by(entry.lease_ends_at)
   return true
end

-- The handler may still have the table, so the event comes back as a copy.
local function lapse(self, lease)
   local entry = self:take_back(lease)
   if entry.attempts >= self._attempts then
      return self:bury(entry, failures.LEASE_OVER)
   end
   local copy = {}
   for name, value in pairs(entry) do
      copy[name] = value
   end
   copy.lease, copy.lease_ends_at = nil, nil
   note(self, copy, states.pending, nil, failures.LEASE_OVER)
   self._backlog:back(copy)
end

local function end_leases(self, now)
   local ended, next_at = {}, math.huge
   for lease, entry in pairs(self._running) do
      if entry.lease_ends_at <= now then
         ended[#ended + 1] = lease
      else
         next_at = math.min(next_at, entry.lease_ends_at)
      end
   end
   table.sort(ended)
   for _, lease in ipairs(ended) do
      lapse(self, lease)
   end
   return next_at
end

local function end_delays(self, now)
   local parked = self.delayed:pop(now)
   while parked do
      self._backlog:back(parked)
      parked = self.delayed:pop(now)
   end
   return self.delayed:next_at() or math.huge
end

--- Add the dead letters that another process has replayed, and count the remaining ones.
---@return true? ok, kenar.Error? err
function Leases:accept_verdicts()
   local list, err = self._file:accept_replays()
   for _, row in ipairs(list or {}) do
      self.dead = self.dead - 1
      self._backlog.living = self._backlog.living + 1
      self._backlog.lanes:add(row[1], row[2])
   end
   -- The file's count lacks dead letters that are not written yet.
   if list and self._commits:is_idle() then
      self.dead = self._file:value "count_dead" or self.dead
   end
   return list and true, err
end

local function look_for_verdicts(self, now)
   if self.dead == 0 then
      self._looks_at = nil
   elseif now >= (self._looks_at or now) then
      self:accept_verdicts()
      self._looks_at = now + LOOK_EVERY
   end
   return self._looks_at or math.huge
end

local function write_again(self, now)
   if self._writes_at and now >= self._writes_at then
      self._writes_at = nil
      self._commits:try_again()
   end
   return self._writes_at or math.huge
end

local function empty_log(self, now)
   if self._empties_at and now >= self._empties_at then
      self._empties_at = not self._file:tidy() and now + AGAIN_AFTER or nil
   end
   return self._empties_at or math.huge
end

local duties = { end_delays, end_leases, look_for_verdicts, write_again, empty_log }

local function fall_due(self, now)
   local next_at = math.huge
   for _, duty in ipairs(duties) do
      next_at = math.min(next_at, duty(self, now))
   end
   -- In a task of its own, because an error in `on_ready` must not end the keeper.
   self._host.spawn(self._on_ready)
   return next_at
end

--- Write again later, after a failure.
function Leases:write_later()
   self._writes_at = self._clock() + TRY_AGAIN_AFTER
   self._keeper:wake_by(self._writes_at)
end

--- Note a transaction: the write-ahead log is emptied some seconds after the last one.
function Leases:wrote()
   self._empties_at = self._clock() + QUIET
   self._keeper:wake_by(self._empties_at)
end

--- Stop the keeper.
function Leases:stop()
   self._keeper:stop()
end

---@param parts { host: kenar.Host, file: kenar.SqliteInboxFile, backlog: kenar.SqliteInboxBacklog,
---   commits: kenar.SqliteInboxCommits, attempts: integer, on_ready: function, dead: integer }
---@return kenar.SqliteInboxLeases
function leases.new(parts)
   local self = setmetatable({
      running_count = 0, delayed = timers.new(), dead = parts.dead,
      _host = parts.host, _clock = parts.host.clock, _file = parts.file, _backlog = parts.backlog,
      _commits = parts.commits, _attempts = parts.attempts, _on_ready = parts.on_ready, _running = {}, _last = 0,
   }, Leases)
   self._keeper = keepers.new(parts.host, function(now)
      return fall_due(self, now)
   end)
   if self.dead > 0 then
      self._keeper:wake_by(self._clock() + LOOK_EVERY)
   end
   return self
end

return leases
