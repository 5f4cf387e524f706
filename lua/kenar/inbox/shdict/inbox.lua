--- An inbox in a shared dict as one worker has it. The contract is in kenar.inbox.

local failures = require "kenar.inbox.failures"
local keepers = require "kenar.inbox.keeper"
local leases = require "kenar.inbox.shdict.leases"

local inboxes = {}

---@class kenar.ShdictInbox
---@field on_ready? fun() is called when `take` may have something
local Inbox = {}
Inbox.__index = Inbox
Inbox.__name = "kenar.inbox.shdict"

function Inbox:__tostring()
   return ("%s: %s"):format(Inbox.__name, self._zone.name)
end

-- Seconds until a worker tries again to take the zone's lock.
local TRY_AGAIN_AFTER = 1

-- Call a function that does not wait, while no other worker changes the inbox.
local function locked(self, f, ...)
   if self._closed then
      return failures.closed()
   end
   return self._zone:locked("inbox", f, ...)
end

-- Call `on_ready` if there may be something to take.
local function notify(self)
   if self.on_ready and not self._closed and self._leases:has_ready() then
      self.on_ready()
   end
end

local function put(self, list)
   local log = self._log
   local waiting = log:living()
   if waiting + #list > self._max_events then
      return failures.full(self._zone.name, waiting)
   end
   local stored, message, numbers = log:put(list)
   if not stored then
      return self._zone:refused(message)
   end
   self._leases:remember(numbers)
   self._leases:follow()
   return stored
end

--- Store events.
---@param list kenar.InboxEntry[]
---@return (true|"duplicate")[]? stored, kenar.Error? err none of them is stored; INBOX_FULL when too many wait,
---   NO_MEMORY when the dict is full
function Inbox:put(list)
   local stored, err = locked(self, put, self, list)
   notify(self)
   return stored, err
end

--- Take events to handle. An event that is neither done nor failed comes back when its lease is over.
---@param worker string the worker's name
---@param n integer how many at most
---@param lease_s number seconds
---@return kenar.InboxEntry[]? list, kenar.Error? err
function Inbox:take(worker, n, lease_s) -- luacheck: ignore 212/worker
   if not self._closed and not self._leases:has_ready() then
      return {}
   end
   return locked(self, self._leases.take, self._leases, n, lease_s)
end

--- Delete events that were handled. Leases that are over are ignored.
---@param list integer[] leases
---@return true? ok, kenar.Error? err
function Inbox:done(list)
   local ok, err = locked(self, self._leases.done, self._leases, list)
   notify(self)
   return ok, err
end

--- Report that handling an event failed.
---@param lease integer
---@param delay? number seconds until it is handled again, an hour at most; default: a random back-off, whose upper
---   bound doubles each time from 1 s to 300 s
---@param reason? string for the dead letter
---@return "retry"|"dead"|nil became, kenar.Error? err the lease is over
function Inbox:fail(lease, delay, reason)
   local became, err = locked(self, self._leases.fail, self._leases, lease, delay, reason)
   notify(self)
   return became, err
end

--- Renew a lease.
---@param lease integer
---@param seconds number from now
---@return true? ok, kenar.Error? err the lease is over
function Inbox:extend(lease, seconds)
   return locked(self, self._leases.extend, self._leases, lease, seconds)
end

--- The dead letters, oldest first.
---@param after? integer the `number` of the last letter that the caller has
---@param n? integer how many at most; default 100
---@return table[]? letters as they were put, with number, attempts, died_at (wall seconds) and reason
---@return kenar.Error? err
function Inbox:dead(after, n)
   return locked(self, self._log.dead, self._log, after or 0, n or 100)
end

local function replay(self, number)
   local ok, message = self._log:replay(number)
   if ok == false then
      return failures.no_letter(self._zone.name, number)
   elseif not ok then
      return self._zone:refused(message)
   end
   self._leases:follow()
   return true
end

--- Have a dead letter handled again, after the events that wait with its `order_key`.
---@param number integer
---@return true? ok, kenar.Error? err
function Inbox:replay(number)
   local ok, err = locked(self, replay, self, number)
   notify(self)
   return ok, err
end

local function discard(self, number)
   if not self._log:discard(number) then
      return failures.no_letter(self._zone.name, number)
   end
   return true
end

--- Delete a dead letter.
---@param number integer
---@return true? ok, kenar.Error? err
function Inbox:discard(number)
   return locked(self, discard, self, number)
end

--- How many events are in it, whichever worker has them. `oldest` is the age of the oldest event in seconds. If the
--- lock cannot be had, the counts are 0 and `failure` has the reason.
---@return { pending: integer, running: integer, delayed: integer, dead: integer, oldest: number?, failure: string? }
function Inbox:stats()
   local counts, err = locked(self, self._log.count, self._log, self._host.clock())
   if not counts then
      return { pending = 0, running = 0, delayed = 0, dead = 0, failure = tostring(err) }
   end
   local received_at = counts.received_at
   counts.received_at = nil
   counts.oldest = received_at and math.max(0, self._host.now() - received_at) or nil
   return counts
end

--- Leave to other workers the events that this worker has. May be called again.
---@return true? ok, kenar.Error? err
function Inbox:close()
   if self._closed then
      return true
   end
   local ok, err = locked(self, self._leases.give_back, self._leases)
   self._closed = true
   self._keeper:stop()
   return ok, err
end

local function fall_due(self, now)
   local next_at = locked(self, self._leases.fall_due, self._leases, now)
   -- In a task of its own, because an error in `on_ready` must not end the keeper.
   self._host.spawn(notify, self)
   return next_at or now + TRY_AGAIN_AFTER
end

--- Make the inbox of a worker. Events that are in the dict can be taken at once.
---@param parts { host: table, zone: kenar.Zone, log: kenar.ShdictLog, attempts: integer, max_events: integer }
---@return kenar.ShdictInbox
function inboxes.new(parts)
   local host = parts.host
   local self = setmetatable({
      on_ready = nil, _host = host, _zone = parts.zone, _log = parts.log, _max_events = parts.max_events,
      _closed = false,
   }, Inbox)
   self._keeper = keepers.new(host, function(now)
      return fall_due(self, now)
   end)
   self._leases = leases.new {
      host = host, zone = parts.zone, log = parts.log, keeper = self._keeper, attempts = parts.attempts,
   }
   self._on_stop = function() self._keeper:stop() end
   host.on_stop(self._on_stop)
   self._leases:follow()
   self._keeper:wake_by(host.clock())
   return self
end

return inboxes
