--- The streams of an inbox in Redis as one worker uses them: it runs the scripts, and keeps the worker's leases.

local batches = require "kenar.inbox.redis.batch"
local core = require "kenar.core"
local errors = require "kenar.error"
local record = require "kenar.inbox.record"
local redis_server = require "kenar.db.redis_server"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local streams = {}

---@class kenar.RedisStreams
---@field place string where Redis is
---@field partitions integer
---@field longest integer the longest lease, in milliseconds
---@field out table<string, table> the worker's events by lease: partition, id, number, order_key, attempts
local Streams = {}
Streams.__index = Streams

-- All workers have the same consumer name. A lease is known by the id of the event's entry in the stream, and the event
-- gets another entry when the lease is over.
local CONSUMER = "kenar"
-- Seconds between two runs of `tidy` by a worker, and how many events a run moves.
local TIDY_EVERY, TIDY_COUNT = 1, 100
-- Seconds for which ids are known.
local IDS_KNOWN = 86400

-- Check the server before its first use.
local function prepare(self)
   if self._is_prepared then
      return true
   end
   local ok, err = redis_server.check(self._connection)
   if ok then
      ok, err = redis_server.check_durability(self._connection, self._power_cut)
   end
   self._is_prepared = ok
   return ok, err
end

--- Run a script.
---@param name string
---@param ... string|number
---@return any reply, kenar.Error? err
function Streams:run(name, ...)
   if self.is_closed then
      return nil, errors.new { kind = "closed", message = "the inbox is closed" }
   end
   local ok, err = prepare(self)
   if not ok then
      return nil, err
   end
   return self._connection:run(self._scripts[name], self._prefix, ...)
end

--- The milliseconds by which a lease is shorter than the longest one. Redis counts the age of a lease, and every lease
--- is over at the same age, so a shorter lease begins with an age.
---@param lease_s number seconds
---@return integer
function Streams:shorter(lease_s)
   return math.max(0, math.floor(self.longest - lease_s * 1000))
end

local function run_done(self, marks)
   local arguments = {}
   for _, out in ipairs(marks) do
      local at = #arguments
      arguments[at + 1], arguments[at + 2] = out.partition, out.id
      arguments[at + 3], arguments[at + 4] = out.number, out.order_key
   end
   local reply, err = self:run("done", unpack(arguments))
   if err and not self.is_closed then
      for _, out in ipairs(marks) do
         self._owed[#self._owed + 1] = out
      end
   end
   return reply and marks, err
end

--- Delete an event that was handled. If Redis fails, the next `tidy` tries again.
---@param mark table as `out` has it
---@return true? ok, kenar.Error? err
function Streams:done(mark)
   local result, err = self._marks:submit(mark)
   return result and true, err
end

--- Store an event.
---@param arguments (string|integer)[] the script's, for one event
---@return integer? result the script's, kenar.Error? err
function Streams:put(arguments)
   return self._puts:submit(arguments)
end

--- Store events together, or none of them.
---@param list (string|integer)[][] the script's arguments, for each event
---@param fitting integer how many events must fit
---@return integer[]? results, kenar.Error? err
function Streams:put_all(list, fitting)
   local arguments = { self._max_events, fitting, IDS_KNOWN, self.partitions }
   for _, values in ipairs(list) do
      for _, value in ipairs(values) do
         arguments[#arguments + 1] = value
      end
   end
   return self:run("put", unpack(arguments))
end

--- End leases and delays that are over. Does nothing if the last call was less than a second ago.
---@return boolean? is_waiting whether there are events to take
---@return kenar.Error? err
function Streams:tidy()
   local now = self._clock()
   if now < self._tidies_at then
      return false
   end
   self._tidies_at = now + TIDY_EVERY
   local owed = self._owed
   if owed[1] then
      self._owed = {}
      local ok, err = run_done(self, owed)
      if not ok then
         return nil, err
      end
   end
   local untaken, err = self:run("tidy", self.partitions, CONSUMER, self.longest, self.attempts, TIDY_COUNT)
   if err then
      self._tidies_at = now
      return nil, err
   end
   return untaken > 0
end

local function lend(self, found)
   local list = {}
   for i, item in ipairs(found) do
      local entry = record.decode(item[6])
      entry.attempts = tonumber(item[5]) + 1
      entry.lease = item[1] .. "/" .. item[2]
      self.out[entry.lease] = {
         partition = item[1], id = item[2], number = item[3], order_key = item[4], attempts = entry.attempts,
      }
      list[i] = entry
   end
   return list
end

--- Take events from one partition after the other. Each call begins with another partition.
---@param n integer how many at most
---@param lease_s number seconds
---@return kenar.InboxEntry[]? list, kenar.Error? err
function Streams:read(n, lease_s)
   local found
   local _, err = self:tidy()
   if err then
      return nil, err
   end
   self._first = (self._first + 1) % self.partitions
   found, err = self:run("take", self.partitions, self._first, n, CONSUMER, self:shorter(lease_s))
   return found and lend(self, found), err
end

--- Wait until there may be an event to read.
---@param seconds number at most
---@return boolean is_rung, kenar.Error? err
function Streams:listen(seconds)
   local reply, err = self._connection:wait(seconds, "blpop", self._prefix .. "bell", self._own_bell, seconds)
   return reply ~= nil and not self.is_closed, err
end

--- Give events to other workers that were read and not handled.
---@param leases string[]
---@return true? ok, kenar.Error? err the other workers get the events when their leases are over
function Streams:give_back(leases)
   local arguments = {}
   for _, lease in ipairs(leases) do
      local out = self.out[lease]
      self.out[lease] = nil
      arguments[#arguments + 1], arguments[#arguments + 2] = out.partition, out.id
   end
   if not arguments[1] then
      return true
   end
   local _, err = self:run("give_back", unpack(arguments))
   return not err or nil, err
end

--- The dead letters as Redis has them.
---@return table[]? items, kenar.Error? err
function Streams:letters(after, n)
   return self._connection:call("xrange", self._prefix .. "dead", ("(%d-0"):format(after), "+", "COUNT", n)
end

--- Send nothing more. `listen` returns.
function Streams:close()
   self.is_closed, self.out = true, {}
   if self._is_prepared and self._connection:call("rpush", self._own_bell, "") then
      self._connection:call("expire", self._own_bell, 1)
   end
end

---@param parts { connection: kenar.RedisConnection, scripts: table<string, kenar.RedisScript>, prefix: string,
---   host: table, partitions: integer, longest: integer, attempts: integer, max_events: integer, power_cut: boolean? }
---@return kenar.RedisStreams
function streams.new(parts)
   local self = setmetatable({
      place = parts.connection.place, partitions = parts.partitions, longest = parts.longest, attempts = parts.attempts,
      out = {}, is_closed = false,
      _connection = parts.connection, _scripts = parts.scripts, _prefix = parts.prefix, _clock = parts.host.clock,
      _power_cut = parts.power_cut, _is_prepared = false, _first = 0, _tidies_at = 0, _owed = {},
      _max_events = parts.max_events,
      _own_bell = parts.prefix .. "bell:" .. core.base64_encode(assert(core.random_bytes(9))),
   }, Streams)
   self._puts = batches.new(parts.host, function(list) return self:put_all(list, 0) end)
   self._marks = batches.new(parts.host, function(marks) return run_done(self, marks) end)
   return self
end

return streams
