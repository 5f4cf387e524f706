--- What one worker knows of an inbox in a shared dict: the events that it may take, and those that it has taken.
--
-- Every function except `has_ready` is called while this worker has the zone's lock. None of them waits.

local backoff = require "kenar.inbox.backoff"
local failures = require "kenar.inbox.failures"
local lanes = require "kenar.inbox.lanes"
local timers = require "kenar.base.timers"

local leases = {}

---@class kenar.ShdictLeases
local Leases = {}
Leases.__index = Leases

-- Seconds between two looks of a worker for events that other workers have stored or lost.
local LOOK_EVERY = 1

--- Read the entries that were added to the log since the last call.
function Leases:follow()
   self._cursor = self._log:follow(self._cursor, self._add)
end

--- Keep the program's own values of events that this worker has stored, for `take`.
---@param entries table<integer, kenar.InboxEntry> by number
function Leases:remember(entries)
   for number, entry in pairs(entries) do
      self._events[number] = entry.event
   end
end

--- Whether an event may be taken.
---@return boolean
function Leases:has_ready()
   return self._lanes:has_ready()
end

-- Keep an event, and those behind it, until a moment.
local function park(self, number, order_key, at)
   self._parked:add({ number = number, order_key = order_key }, at)
   self._keeper:wake_by(at)
end

-- The event is gone: the next event of its order_key is ready.
local function leave(self, number, order_key)
   self._events[number] = nil
   self._lanes:release(order_key)
end

local function bury(self, event, attempts, reason)
   local ok, message = self._log:bury(event.number, attempts, self._host.now(), failures.reason(reason) or "")
   if not ok then
      park(self, event.number, event.order_key, self._clock() + backoff.LONGEST)
      return self._zone:refused(message)
   end
   leave(self, event.number, event.order_key)
   return "dead"
end

-- Begin a lease, or continue the given one.
local function lend(self, running, attempts, ends_at)
   local lease = self._log:lend(running.number, attempts, ends_at, running.lease)
   running.lease, self._running[lease] = lease, running
   self._ending:add(running, ends_at)
   self._keeper:wake_by(ends_at)
   return lease
end

-- Take one event. Nothing is returned if it cannot be taken now.
local function take(self, number, order_key, ends_at)
   local log, now = self._log, self._clock()
   local attempts, due, is_dead, lease, lease_ends_at = log:state(number)
   if not attempts or is_dead then
      return leave(self, number, order_key)
   elseif due > now then
      return park(self, number, order_key, due)
   elseif lease and lease_ends_at > now then
      return park(self, number, order_key, math.min(lease_ends_at, now + LOOK_EVERY))
   end
   local running = { number = number, order_key = order_key }
   if attempts >= self._attempts then
      local _, err = bury(self, running, attempts, lease and failures.LEASE_OVER or failures.PROCESS_ENDED)
      return nil, err
   end
   local entry = log:read(number)
   entry.attempts, entry.lease = attempts + 1, lend(self, running, attempts + 1, ends_at)
   entry.event = self._events[number]
   return entry
end

--- Take events.
---@param n integer how many at most
---@param seconds number of the leases
---@return kenar.InboxEntry[]? list, kenar.Error? err
function Leases:take(n, seconds)
   local list, ends_at = {}, self._clock() + seconds
   self:follow()
   while #list < n do
      local number, order_key = self._lanes:pop()
      if not number then
         break
      end
      local entry, err = take(self, number, order_key, ends_at)
      if entry then
         list[#list + 1] = entry
      elseif err and not list[1] then
         return nil, err
      end
   end
   return list
end

-- The event that this worker has under a lease; nil if the lease is over, when another worker may have the event.
local function held(self, lease)
   local running = self._running[lease]
   local attempts, current, ends_at, _
   if running then
      attempts, _, _, current, ends_at = self._log:state(running.number)
   end
   if current == lease and ends_at > self._clock() then
      return running, attempts
   end
end

local function end_lease(self, running)
   self._running[running.lease] = nil
   self._ending:remove(running)
end

--- See `Inbox:done`.
---@param list integer[] leases
---@return true
function Leases:done(list)
   for _, lease in ipairs(list) do
      local running = held(self, lease)
      if running then
         self._log:finish(running.number)
         end_lease(self, running)
         leave(self, running.number, running.order_key)
      end
   end
   self:follow()
   return true
end

--- See `Inbox:fail`.
---@return "retry"|"dead"|nil became, kenar.Error? err
function Leases:fail(lease, delay, reason)
   local running, attempts = held(self, lease)
   if not running then
      return failures.lease_over()
   end
   end_lease(self, running)
   if attempts >= self._attempts then
      return bury(self, running, attempts, reason)
   end
   local due = self._clock() + backoff.delay(attempts, delay)
   self._log:leave(running.number, attempts, due)
   park(self, running.number, running.order_key, due)
   return "retry"
end

--- See `Inbox:extend`.
---@return true? ok, kenar.Error? err
function Leases:extend(lease, seconds)
   local running, attempts = held(self, lease)
   if not running then
      return failures.lease_over()
   end
   self._ending:remove(running)
   lend(self, running, attempts, self._clock() + seconds)
   return true
end

--- Leave every event that this worker has to the other workers. The attempt is not counted.
---@return true
function Leases:give_back()
   for _, running in pairs(self._running) do
      local attempts, _, _, lease = self._log:state(running.number)
      if lease == running.lease then
         self._log:leave(running.number, attempts - 1, 0)
      end
   end
   return true
end

local function lapse(self, running)
   self._running[running.lease] = nil
   local attempts, _, is_dead, lease = self._log:state(running.number)
   if attempts and not is_dead and attempts >= self._attempts and lease == running.lease then
      bury(self, running, attempts, failures.LEASE_OVER)
   else
      self._events[running.number] = nil
      self._lanes:ready(running.number, running.order_key)
   end
end

--- End the leases and the delays that are over.
---@param now number
---@return number next_at when the next call is needed
function Leases:fall_due(now)
   local running = self._ending:pop(now)
   while running do
      lapse(self, running)
      running = self._ending:pop(now)
   end
   local parked = self._parked:pop(now)
   while parked do
      self._lanes:ready(parked.number, parked.order_key)
      parked = self._parked:pop(now)
   end
   self:follow()
   return math.min(now + LOOK_EVERY, self._parked:next_at() or math.huge, self._ending:next_at() or math.huge)
end

---@param parts { host: table, zone: kenar.Zone, log: kenar.ShdictLog, keeper: kenar.InboxKeeper, attempts: integer }
---@return kenar.ShdictLeases
function leases.new(parts)
   local self = setmetatable({
      _host = parts.host, _clock = parts.host.clock, _zone = parts.zone, _log = parts.log, _keeper = parts.keeper,
      _attempts = parts.attempts, _lanes = lanes.new(), _parked = timers.new(), _ending = timers.new(),
      _running = {}, _events = {}, _cursor = 0,
   }, Leases)
   self._add = function(number, order_key)
      self._lanes:add(number, order_key)
   end
   return self
end

return leases
