--- What an inbox in a shared dict does: see kenar.inbox for the contract, and kenar.inbox.shdict for how it is opened.

local errors = require "kenar.error"
local visits = require "kenar.inbox.shdict.visits"

---@class kenar.ShdictInbox
---@field on_ready? fun() is called when `take` may have something
local Inbox = {}
Inbox.__index = Inbox
Inbox.__name = "kenar.inbox.shdict"

function Inbox:__tostring()
   return ("%s: %s"):format(Inbox.__name, self._zone.name)
end

-- Seconds: the longest first wait, which doubles with each attempt, where doubling ends, and the longest delay at all.
local BASE, CAP, LONGEST_DELAY = 1, 300, 3600
-- How often a worker looks at what the others have stored or left, in seconds.
local LOOK_EVERY = 1
-- Bytes of a reason that are kept.
local REASON_LENGTH = 500

local LEASE_OVER = "its lease was over before it was handled"

local function lease_over()
   return nil, errors.new { kind = "store", message = "the lease is over, or was never given" }
end

--- Call `f(self, ...)`, which does not wait, while no other worker changes the inbox.
---@return any ... what it returns
function Inbox:locked(f, ...)
   if self._closed then
      return nil, errors.new { kind = "closed", message = "the inbox is closed" }
   end
   return self._zone:locked("inbox", f, self, ...)
end

--- Read what has come to the log.
function Inbox:follow()
   self._cursor = self._log:follow(self._cursor, function(number, order_key)
      self._lanes:add(number, order_key)
   end)
end

--- Call `on_ready` where there may be something to take.
function Inbox:notify()
   if self.on_ready and not self._closed and self._lanes:has_ready() then
      self.on_ready()
   end
end

-- Keep an event's lane waiting until a moment.
local function park(self, number, order_key, at)
   self._parked:add({ number = number, order_key = order_key }, at)
   self._keeper:wake_by(at)
end

-- The event is no longer this worker's concern: those behind it are.
local function leave(self, number, order_key)
   self._events[number] = nil
   self._lanes:release(order_key)
end

local function bury(self, number, order_key, attempts, reason)
   local ok, message = self._log:bury(number, attempts, self._host.now(), tostring(reason or ""):sub(1, REASON_LENGTH))
   if not ok then
      park(self, number, order_key, self._host.clock() + CAP)
      return self._zone:refused(message)
   end
   leave(self, number, order_key)
   return "dead"
end

local function put(self, list)
   local log = self._log
   local waiting = log:living()
   if waiting + #list > self._max_events then
      return nil, errors.new {
         kind = "store", code_name = "INBOX_FULL",
         message = ("%s: %d events wait in it, and there is no room for more"):format(self._zone.name, waiting),
      }
   end
   local stored, message, numbers = log:put(list)
   if not stored then
      return self._zone:refused(message)
   end
   for number, entry in pairs(numbers) do
      self._events[number] = entry.event
   end
   self:follow()
   return stored
end

for name, method in pairs(visits) do
   Inbox[name] = method
end

--- Store events.
---@param list kenar.InboxEntry[]
---@return (true|"duplicate")[]? stored, kenar.Error? err none of them is stored; INBOX_FULL when too many wait,
---   NO_MEMORY when the dict is full
function Inbox:put(list)
   local stored, err = self:locked(put, list)
   self:notify()
   return stored, err
end

-- Take one event, or find out why it cannot be taken now.
local function lend(self, number, order_key, now, seconds)
   local log = self._log
   local attempts, due, is_dead, lease, ends_at = log:state(number)
   if not attempts or is_dead then
      return leave(self, number, order_key)
   elseif due > now then
      return park(self, number, order_key, due)
   elseif lease and ends_at > now then
      return park(self, number, order_key, math.min(ends_at, now + LOOK_EVERY))
   elseif attempts >= self._attempts then
      return bury(self, number, order_key, attempts,
         lease and LEASE_OVER or "the process ended each time while it was handled")
   end
   local entry = log:read(number)
   lease = log:lend(number, attempts + 1, now + seconds)
   entry.attempts, entry.lease, entry.event = attempts + 1, lease, self._events[number]
   local running = { lease = lease, number = number, order_key = order_key }
   self._running[lease] = running
   self._ending:add(running, now + seconds)
   self._keeper:wake_by(now + seconds)
   return entry
end

local function take(self, n, seconds)
   local list, now = {}, self._host.clock()
   self:follow()
   while #list < n do
      local number, order_key = self._lanes:pop()
      if not number then
         break
      end
      local entry, err = lend(self, number, order_key, now, seconds)
      if type(entry) == "table" then
         list[#list + 1] = entry
      elseif err and not list[1] then
         return nil, err
      end
   end
   return list
end

--- Take events to handle. What is taken and neither done nor failed comes back when its lease is over.
---@param worker string who takes them
---@param n integer how many at most
---@param lease_s number seconds
---@return kenar.InboxEntry[]? list, kenar.Error? err
function Inbox:take(worker, n, lease_s) -- luacheck: ignore 212/worker
   if not self._closed and not self._lanes:has_ready() then
      return {}
   end
   return self:locked(take, n, lease_s)
end

-- What this worker has under a lease, unless that is over: then it is another's, or comes back.
local function held(self, lease)
   local running = self._running[lease]
   local attempts, current, ends_at, _
   if running then
      attempts, _, _, current, ends_at = self._log:state(running.number)
   end
   if current == lease and ends_at > self._host.clock() then
      return running, attempts
   end
end

local function give_back(self, running)
   self._running[running.lease] = nil
   self._ending:remove(running)
end

local function done(self, list)
   for _, lease in ipairs(list) do
      local running = held(self, lease)
      if running then
         self._log:finish(running.number)
         give_back(self, running)
         leave(self, running.number, running.order_key)
      end
   end
   self:follow()
   return true
end

--- Delete events that were handled. A lease that is over is passed over.
---@param list integer[] leases
---@return true? ok, kenar.Error? err
function Inbox:done(list)
   local ok, err = self:locked(done, list)
   self:notify()
   return ok, err
end

local function fail(self, lease, delay, reason)
   local running, attempts = held(self, lease)
   if not running then
      return lease_over()
   end
   give_back(self, running)
   if attempts >= self._attempts then
      return bury(self, running.number, running.order_key, attempts, reason)
   end
   delay = delay or BASE + math.random() * (math.min(CAP, BASE * 2 ^ attempts) - BASE)
   local due = self._host.clock() + math.max(0, math.min(delay, LONGEST_DELAY))
   self._log:leave(running.number, attempts, due)
   park(self, running.number, running.order_key, due)
   return "retry"
end

--- Say that handling an event failed.
---@param lease integer
---@param delay? number seconds until it comes again, an hour at most; default: any part of a span that doubles each
---   time, from 1 s to 300 s
---@param reason? string what the dead letter says
---@return "retry"|"dead"|nil became, kenar.Error? err the lease is over
function Inbox:fail(lease, delay, reason)
   local became, err = self:locked(fail, lease, delay, reason)
   self:notify()
   return became, err
end

local function extend(self, lease, seconds)
   local running, attempts = held(self, lease)
   if not running then
      return lease_over()
   end
   local ends_at = self._host.clock() + seconds
   self._log:lend(running.number, attempts, ends_at, lease)
   self._ending:remove(running)
   self._ending:add(running, ends_at)
   self._keeper:wake_by(ends_at)
   return true
end

--- Have an event for longer.
---@param lease integer
---@param seconds number from now
---@return true? ok, kenar.Error? err the lease is over
function Inbox:extend(lease, seconds)
   return self:locked(extend, lease, seconds)
end

local function end_leases(self, now)
   local running = self._ending:pop(now)
   while running do
      self._running[running.lease] = nil
      local attempts, _, is_dead, lease = self._log:state(running.number)
      if attempts and not is_dead and attempts >= self._attempts and lease == running.lease then
         bury(self, running.number, running.order_key, attempts, LEASE_OVER)
      else
         self._events[running.number] = nil
         self._lanes:ready(running.number, running.order_key)
      end
      running = self._ending:pop(now)
   end
end

local function fall_due(self, now)
   end_leases(self, now)
   local parked = self._parked:pop(now)
   while parked do
      self._lanes:ready(parked.number, parked.order_key)
      parked = self._parked:pop(now)
   end
   self:follow()
   return math.min(now + LOOK_EVERY, self._parked:next_at() or math.huge, self._ending:next_at() or math.huge)
end

--- For the keeper: what has fallen due at a moment.
---@return number next_at when something else may
function Inbox:fall_due(now)
   local next_at = self:locked(fall_due, now)
   self._host.spawn(self.notify, self)
   return next_at or now + LOOK_EVERY
end

return Inbox
