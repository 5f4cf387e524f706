--- An inbox in Redis as one worker has it. The contract is in kenar.inbox.

local backoff = require "kenar.inbox.backoff"
local failures = require "kenar.inbox.failures"
local listeners = require "kenar.inbox.redis.listener"
local phases = require "kenar.host.resty.phases"
local record = require "kenar.inbox.record"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local inboxes = {}

---@class kenar.RedisInbox
---@field on_ready? fun() is called when `take` may have something
local Inbox = {}
Inbox.__index = Inbox
Inbox.__name = "kenar.inbox.redis"

function Inbox:__tostring()
   return ("%s: %s"):format(Inbox.__name, self._streams.place)
end

-- The arguments of the script `put` for an event.
local function arguments_of(self, entry)
   local order_key, partitions = entry.order_key, self._streams.partitions
   return {
      order_key and ngx.crc32_short(order_key) % partitions or "", entry.id and "i" .. entry.id or "",
      order_key and "k" .. order_key or "", ("%.6f"):format(entry.received_at or self._host.now()),
      record.encode(entry),
   }
end

local function put_all(self, entries)
   local list = {}
   for i, entry in ipairs(entries) do
      list[i] = arguments_of(self, entry)
   end
   return self._streams:put_all(list, #list)
end

local NO_ROOM, STORED = -1, 1

--- Store events; waits until Redis has them.
---@param entries kenar.InboxEntry[]
---@return (true|"duplicate")[]? stored, kenar.Error? err none of them is stored; with the `code_name` NO_ANSWER they
---   may be stored; INBOX_FULL when too many wait
function Inbox:put(entries)
   local results, err
   if entries[2] then
      results, err = put_all(self, entries)
   elseif entries[1] then
      results, err = self._streams:put(arguments_of(self, entries[1]))
      results = results and { results }
   else
      results = {}
   end
   if not results and err.code_name ~= "INBOXFULL" then
      return nil, err
   elseif not results or results[1] == NO_ROOM then
      return failures.full(tostring(self))
   end
   for i, result in ipairs(results) do
      results[i] = result == STORED or "duplicate"
   end
   return results
end

--- Take events to handle.
---@param worker string the worker's name
---@param n integer how many at most
---@param lease_s number seconds, at most the longest lease (60)
---@return kenar.InboxEntry[]? list, kenar.Error? err
function Inbox:take(worker, n, lease_s) -- luacheck: ignore 212/worker
   local streams = self._streams
   if streams.is_closed then
      return failures.closed()
   elseif not phases.waits() then
      -- In init_worker no command can be sent. The listener calls `on_ready` later.
      return {}
   end
   return self._listener:taking(streams.read, streams, n, lease_s)
end

--- Delete events that were handled. Leases that are over are ignored.
---@param list string[] leases
---@return true? ok, kenar.Error? err it is tried again later; if that fails too, the events are handled again after
---   their leases
function Inbox:done(list)
   local streams = self._streams
   if streams.is_closed then
      return failures.closed()
   end
   local ok, err = true, nil
   for _, lease in ipairs(list) do
      local mark = streams.out[lease]
      streams.out[lease] = nil
      if mark then
         local is_deleted, why = streams:done(mark)
         ok, err = is_deleted and ok, why or err
      end
   end
   return ok, err
end

--- Report that handling an event failed.
---@param lease string
---@param delay? number seconds until it is handled again, an hour at most; default: a random back-off, whose upper
---   bound doubles each time from 1 s to 300 s
---@param reason? string for the dead letter
---@return "retry"|"dead"|nil became, kenar.Error? err the lease is over, or Redis fails
function Inbox:fail(lease, delay, reason)
   local streams = self._streams
   local out = streams.out[lease]
   if streams.is_closed then
      return failures.closed()
   elseif not out then
      return failures.lease_over()
   end
   local milliseconds = math.ceil(backoff.delay(out.attempts, delay) * 1000)
   local became, err = streams:run("fail", out.partition, out.id, streams.longest, milliseconds, streams.attempts,
      failures.reason(reason) or "")
   if not became then
      return nil, err
   end
   streams.out[lease] = nil
   if became == "" then
      return failures.lease_over()
   end
   return became
end

--- Renew a lease.
---@param lease string
---@param seconds number from now, at most the longest lease (60)
---@return true? ok, kenar.Error? err the lease is over, or Redis fails
function Inbox:extend(lease, seconds)
   local streams = self._streams
   local out = streams.out[lease]
   if streams.is_closed then
      return failures.closed()
   elseif not out then
      return failures.lease_over()
   end
   local reply, err = streams:run("extend", out.partition, out.id, streams.longest, streams:shorter(seconds))
   if reply == 0 then
      return failures.lease_over()
   end
   return reply and true, err
end

local function letter_of(item)
   local fields = {}
   for i = 1, #item[2], 2 do
      fields[item[2][i]] = item[2][i + 1]
   end
   local letter = record.decode(fields.event)
   letter.number, letter.attempts = tonumber(item[1]:match "^%d+"), tonumber(fields.attempts)
   letter.died_at, letter.reason = tonumber(fields.died_at) / 1000, fields.reason ~= "" and fields.reason or nil
   return letter
end

--- The dead letters, oldest first.
---@param after? integer the `number` of the last letter that the caller has
---@param n? integer how many at most; default 100
---@return table[]? letters as they were put, with number, attempts, died_at (wall seconds, Redis's) and reason
---@return kenar.Error? err
function Inbox:dead(after, n)
   if self._streams.is_closed then
      return failures.closed()
   end
   local items, err = self._streams:letters(after or 0, n or 100)
   if not items then
      return nil, err
   end
   local letters = {}
   for i, item in ipairs(items) do
      letters[i] = letter_of(item)
   end
   return letters
end

local function judge(self, verdict, number)
   local reply, err = self._streams:run(verdict, ("%d"):format(number))
   if reply == 0 then
      return failures.no_letter(tostring(self), number)
   end
   return reply and true, err
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

--- How many events are in it. `oldest` is the age of the oldest event in seconds. If Redis fails, the counts are 0 and
--- `failure` has the reason.
---@return { pending: integer, running: integer, delayed: integer, dead: integer, oldest: number?, failure: string? }
function Inbox:stats()
   local streams, reply = self._streams, nil
   local _, err = streams:tidy()
   if not err then
      reply, err = streams:run("stats", streams.partitions)
   end
   if not reply then
      return { pending = 0, running = 0, delayed = 0, dead = 0, failure = tostring(err) }
   end
   local living, running, delayed, dead, received_at = unpack(reply)
   received_at = tonumber(received_at)
   return {
      pending = living - running - delayed, running = running, delayed = delayed, dead = dead,
      oldest = received_at and math.max(0, self._host.now() - received_at) or nil,
   }
end

--- Give to other workers the events that this worker took and has not handled. May be called again.
---@return true? ok, kenar.Error? err the other workers get the events when their leases are over
function Inbox:close()
   local streams, leases = self._streams, {}
   if streams.is_closed then
      return true
   end
   for lease in pairs(streams.out) do
      leases[#leases + 1] = lease
   end
   self._listener:stop()
   local ok, err = streams:give_back(leases)
   streams:close()
   return ok, err
end

--- Make the inbox of a worker, which listens from now on.
---@param host table
---@param streams kenar.RedisStreams
---@return kenar.RedisInbox
function inboxes.new(host, streams)
   local self = setmetatable({ on_ready = nil, _host = host, _streams = streams }, Inbox)
   self._listener = listeners.new(host, streams, function()
      if self.on_ready and not streams.is_closed then
         self.on_ready()
      end
   end)
   return self
end

return inboxes
