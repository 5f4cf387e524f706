--- An inbox in a file. The contract is in kenar.inbox.

local backlogs = require "kenar.inbox.sqlite.backlog"
local failures = require "kenar.inbox.failures"
local files = require "kenar.inbox.sqlite.file"
local group_commit = require "kenar.inbox.sqlite.group_commit"
local handled = require "kenar.inbox.sqlite.handled"
local leases = require "kenar.inbox.sqlite.leases"
local recover = require "kenar.inbox.sqlite.recovery"
local schema = require "kenar.inbox.sqlite.schema"

local inboxes = {}

---@class kenar.SqliteInbox
---@field on_ready? fun() is called when `take` may have something
local Inbox = {}
Inbox.__index = Inbox
Inbox.__name = "kenar.inbox.sqlite"

function Inbox:__tostring()
   return ("%s: %s"):format(Inbox.__name, self._path)
end

-- Call `on_ready` if there is something to take.
local function notify(self)
   if self.on_ready and not self._closed and self._backlog.lanes:has_ready() then
      self.on_ready()
   end
end

--- Store events; waits until they are stored. The caller must not change the tables any more: `take` returns them.
---@param entries kenar.InboxEntry[]
---@return (true|"duplicate")[]? stored, kenar.Error? err none of them is stored; INBOX_FULL when too many wait
function Inbox:put(entries)
   if self._closed then
      return failures.closed()
   end
   local commits, backlog = self._commits, self._backlog
   local batch, results, must_wait = commits.batch, {}, false
   if backlog.living + #entries > self._max_events then
      return failures.full(self._path, backlog.living)
   end
   local count = batch.put_count
   for i = 1, #entries do
      local is_unwritten
      results[i], is_unwritten = self._admission:add(batch, entries[i])
      must_wait = must_wait or is_unwritten
   end
   backlog.living = backlog.living + batch.put_count - count
   if must_wait then
      local ok, err = commits:wait(batch)
      if not ok then
         return nil, err
      end
   end
   return results
end

-- An event that an earlier process has left may have ended that process, so the file has the attempt before it begins.
local function note_attempts(self, list)
   local batch = files.batch()
   for _, entry in ipairs(list) do
      if entry.number <= self._inherited then
         batch.changes[#batch.changes + 1] = {
            number = entry.number, state = schema.states.pending, attempts = entry.attempts,
         }
      end
   end
   return not batch.changes[1] or self._file:write(batch, self._host.now())
end

local function next_entry(self)
   while true do
      local entry, err = self._backlog:pop()
      if not entry then
         return nil, err
      end
      entry.attempts = (entry.attempts or 0) + 1
      if entry.attempts <= self._attempts then
         return entry
      end
      entry.attempts = self._attempts
      self._leases:bury(entry, failures.PROCESS_ENDED)
   end
end

local function give_back(self, list)
   for _, entry in ipairs(list) do
      entry.attempts = entry.attempts - 1
      self._backlog:back(entry)
   end
end

--- Take events to handle. An event that is neither done nor failed comes back when its lease is over.
---@param worker string the worker's name
---@param n integer how many at most
---@param lease_s number seconds
---@return kenar.InboxEntry[]? list, kenar.Error? err
function Inbox:take(worker, n, lease_s) -- luacheck: ignore 212/worker
   if self._closed then
      return failures.closed()
   end
   local list, ok, entry, err = {}, true
   if not self._backlog.lanes:has_ready() then
      return list
   end
   for i = 1, n do
      entry, err = next_entry(self)
      if not entry then
         break
      end
      list[i] = entry
   end
   if list[1] and self._inherited > 0 then
      ok, err = note_attempts(self, list)
   end
   if not ok then
      give_back(self, list)
      list = {}
   end
   if err then
      self._commits.failure = err
      self._leases:write_later()
   end
   if err and not list[1] then
      return nil, err
   end
   self._leases:lend(list, lease_s)
   return list
end

--- Delete events that were handled, with the next transaction. Leases that are over are ignored.
---@param list integer[] leases
---@return true? ok, kenar.Error? err
function Inbox:done(list)
   if self._closed then
      return failures.closed()
   end
   local batch = self._commits.batch
   for i = 1, #list do
      local entry = self._leases:take_back(list[i])
      if entry then
         local count = batch.done_count + 1
         batch.done_count, batch.done[count] = count, entry.number
         if entry.id then
            handled.collect(batch.ids, entry.id)
         end
         self._backlog:settle(entry)
      end
   end
   self._commits:flush_later()
   notify(self)
   return true
end

--- Report that handling an event failed.
---@param lease integer
---@param delay? number seconds until it is handled again, an hour at most and 300 s after a restart; default: a random
---   back-off, whose upper bound doubles each time from 1 s to 300 s
---@param reason? string for the dead letter
---@return "retry"|"dead"|nil became, kenar.Error? err the lease is over
function Inbox:fail(lease, delay, reason)
   if self._closed then
      return failures.closed()
   end
   local became, err = self._leases:fail(lease, delay, reason)
   notify(self)
   return became, err
end

--- Renew a lease.
---@param lease integer
---@param seconds number from now
---@return true? ok, kenar.Error? err the lease is over
function Inbox:extend(lease, seconds)
   if self._closed then
      return failures.closed()
   end
   return self._leases:extend(lease, seconds)
end

--- The dead letters, oldest first.
---@param after? integer the `number` of the last letter that the caller has
---@param n? integer how many at most; default 100
---@return table[]? letters as they were put, with number, attempts, died_at (wall seconds) and reason
---@return kenar.Error? err
function Inbox:dead(after, n)
   if self._closed then
      return failures.closed()
   end
   local ok, err = self._commits:flush()
   if not ok then
      return nil, err
   end
   return self._file:dead(after, n)
end

local function judge(self, verdict, number)
   if self._closed then
      return failures.closed()
   end
   local ok, err = self._commits:flush()
   local count
   if ok then
      count, err = self._file:judge(verdict, number)
   end
   if not count then
      return nil, err
   elseif count == 0 then
      return failures.no_letter(self._path, number)
   end
   ok, err = self._leases:accept_verdicts()
   notify(self)
   return ok, err
end

--- Have a dead letter handled again, after the events that wait with its `order_key`.
---@param number integer
---@return true? ok, kenar.Error? err
function Inbox:replay(number)
   return judge(self, "replay", number)
end

--- Delete a dead letter.
---@param number integer
---@return true? ok, kenar.Error? err
function Inbox:discard(number)
   return judge(self, "discard", number)
end

--- How many events are in it. `oldest` is the age of the oldest event in seconds; `failure`: the last write's error.
---@return { pending: integer, running: integer, delayed: integer, dead: integer, oldest: number?, failure: string? }
function Inbox:stats()
   local leased, commits, living = self._leases, self._commits, self._backlog.living
   local received_at = living > 0 and not self._closed and self._file:value "oldest"
   return {
      pending = living - leased.running_count - leased.delayed.count,
      running = leased.running_count, delayed = leased.delayed.count, dead = leased.dead,
      oldest = received_at and math.max(0, self._host.now() - received_at) or nil,
      failure = commits.failure and tostring(commits.failure),
   }
end

--- Write the last changes and close the file. May be called again. Events that were not handled stay in the file.
---@return true? ok, kenar.Error? err
function Inbox:close()
   if self._closed then
      return true
   end
   self._closed = true
   local ok, err = self._commits:flush()
   self._leases:stop()
   self._file:close()
   self._lock:close()
   return ok, err
end

local function begin_commits(self, host, file)
   return group_commit.new(host, file, {
      stored = function(batch) self._backlog:add_batch(batch) end,
      -- Events that could not be written are as if they had never come.
      dropped = function(batch)
         self._admission:withdraw(batch)
         self._backlog.living = self._backlog.living - batch.put_count
      end,
      failing = function() self._leases:write_later() end,
      over = function()
         self._leases:wrote()
         notify(self)
      end,
   })
end

--- Make the inbox of an open file. Events that an earlier process has left can be taken at once.
---@param parts { path: string, host: kenar.Host, file: kenar.SqliteInboxFile, lock: table,
---   admission: kenar.SqliteInboxAdmission, attempts: integer, max_events: integer } `lock`: closed with the inbox
---@return kenar.SqliteInbox inbox; raises a kenar.Error if the file cannot be read
function inboxes.new(parts)
   local host, file = parts.host, parts.file
   local self = setmetatable({
      on_ready = nil, _path = parts.path, _host = host, _file = file, _lock = parts.lock, _closed = false,
      _admission = parts.admission, _attempts = parts.attempts, _max_events = parts.max_events,
      _backlog = backlogs.new(file), _inherited = 0,
   }, Inbox)
   self._commits = begin_commits(self, host, file)
   self._leases = leases.new {
      host = host, file = file, backlog = self._backlog, commits = self._commits, attempts = parts.attempts,
      on_ready = function() notify(self) end,
      dead = file:value "count_dead" or 0,
   }
   self._inherited = recover({
      file = file, admission = parts.admission, backlog = self._backlog, leases = self._leases,
   }, host.now())
   return self
end

return inboxes
