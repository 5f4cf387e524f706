--- The scripts of an inbox in Redis. Redis executes each of them as one step.
--
-- All keys begin with the inbox's prefix:
--
--    ready:<partition>   a stream of the events that are ready, with the group `kenar`; pending entries are leased
--    lane:<key>          a list for an order_key: "" for its event in a stream or among the delayed, then later events
--    delayed, parked     a sorted set of the times at which failed events are ready again; a hash of those events
--    received, id:<id>   a sorted set of the times at which events were received; the ids that are known
--    dead, bell          a stream of the dead letters; a list with one element for each event that became ready
--    event, letter       the numbers given last
--
-- At most one event of an order_key is outside of its lane. So an event that fails delays the later events of its key
-- and no others, whichever workers take them. Streams are never trimmed.

local redis = require "kenar.db.redis"

-- Parts of scripts. Redis executes the whole text at each call, so a script has only the parts that it uses.
local NOW = [[
local function now()
   local time = redis.call("TIME")
   return time[1] * 1000 + math.floor(time[2] / 1000)
end
]]

local READY = [[
local prefix = KEYS[1]
local function ready(partition, number, order_key, attempts, event)
   redis.call("XADD", prefix .. "ready:" .. partition, "*",
      "number", number, "key", order_key, "attempts", attempts, "event", event)
   if redis.call("LLEN", prefix .. "bell") < 64 then
      redis.call("RPUSH", prefix .. "bell", "")
   end
end
]]

-- Put an event behind the events of its order_key; "" is none.
local ADMIT = [[
local function admit(partition, number, order_key, event)
   if order_key ~= "" then
      local lane = prefix .. "lane:" .. order_key
      if redis.call("EXISTS", lane) == 1 then
         redis.call("RPUSH", lane, cmsgpack.pack(number, event))
         return
      end
      redis.call("RPUSH", lane, "")
   end
   ready(partition, number, order_key, 0, event)
end
]]

-- The event of an order_key is gone: the next one becomes ready.
local RELEASE = [[
local function release(partition, order_key)
   if order_key == "" then
      return
   end
   local lane = prefix .. "lane:" .. order_key
   redis.call("LPOP", lane)
   local packed = redis.call("LINDEX", lane, 0)
   if packed then
      redis.call("LSET", lane, 0, "")
      local number, event = cmsgpack.unpack(packed)
      ready(partition, number, order_key, 0, event)
   end
end
]]

-- Remove an event from its stream. Returns false if it is not there, because its lease is over.
local WITHDRAW = [[
local function withdraw(partition, id)
   local stream = prefix .. "ready:" .. partition
   return redis.call("XACK", stream, "kenar", id) == 1 and redis.call("XDEL", stream, id)
end
]]

local FIELDS = [[
local function fields_of(entry)
   local fields = entry[2]
   return fields[2], fields[4], tonumber(fields[6]), fields[8]
end
]]

-- The milliseconds since a lease was renewed, and its consumer; nil if the lease is over.
local IDLE = [[
local function idle_time(partition, id)
   local pending = redis.call("XPENDING", KEYS[1] .. "ready:" .. partition, "kenar", id, id, 1)[1]
   if pending then
      return pending[3], pending[2]
   end
end
]]

local BURY = [[
local function bury(partition, entry, attempts, reason)
   local number, order_key, _, event = fields_of(entry)
   redis.call("XADD", prefix .. "dead", redis.call("INCR", prefix .. "letter") .. "-0", "partition", partition,
      "key", order_key, "attempts", attempts, "event", event, "reason", reason, "died_at", now(),
      "received_at", redis.call("ZSCORE", prefix .. "received", number))
   redis.call("ZREM", prefix .. "received", number)
   release(partition, order_key)
end
]]

-- If memory is full, Redis refuses a script without the flag before its first command.
local REFUSED, ALLOWED = "#!lua\n", "#!lua flags=allow-oom\n"

local scripts = {}

-- Arguments: max_events, how many events must fit (otherwise none is stored), seconds for which ids are known,
-- partitions; for each event: partition or "", i<id> or "", order_key, received_at, event.
-- Result for each event: 1: stored, 0: a duplicate, -1: no room.
scripts.put = { REFUSED, READY, ADMIT, [[
local room = ARGV[1] - redis.call("ZCARD", prefix .. "received")
if room < tonumber(ARGV[2]) then
   return redis.error_reply("INBOXFULL " .. ARGV[1] - room)
end
local results = {}
for at = 5, #ARGV, 5 do
   local partition, id, order_key, received_at, event = unpack(ARGV, at, at + 4)
   local result = 1
   if room <= 0 then
      result = -1
   elseif id ~= "" and not redis.call("SET", prefix .. "id:" .. id:sub(2), "", "NX", "EX", ARGV[3]) then
      result = 0
   else
      local number = redis.call("INCR", prefix .. "event")
      redis.call("ZADD", prefix .. "received", received_at, number)
      admit(partition ~= "" and partition or number % ARGV[4], number, order_key, event)
      room = room - 1
   end
   results[#results + 1] = result
end
return results
]] }

-- Arguments: partitions, the first partition to read, how many events at most, consumer, milliseconds by which the
-- lease is shorter than the longest one.
scripts.take = { ALLOWED, FIELDS, [[
local partitions, first, n, shorter = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])

local function read(stream, count)
   return redis.pcall("XREADGROUP", "GROUP", "kenar", ARGV[4], "COUNT", count, "STREAMS", stream, ">")
end

local found = {}
for i = 0, partitions - 1 do
   if #found == n then
      break
   end
   local partition = (first + i) % partitions
   local stream = KEYS[1] .. "ready:" .. partition
   local reply = read(stream, n - #found)
   if reply and reply.err then
      redis.call("XGROUP", "CREATE", stream, "kenar", "0", "MKSTREAM")
      reply = read(stream, n - #found)
   end
   for _, entry in ipairs(reply and reply[1][2] or {}) do
      local number, order_key, attempts, event = fields_of(entry)
      found[#found + 1] = { partition, entry[1], number, order_key, attempts, event }
      if shorter > 0 then
         redis.call("XCLAIM", stream, "kenar", ARGV[4], 0, entry[1], "IDLE", shorter, "JUSTID")
      end
   end
end
if #found == 0 then
   redis.call("DEL", KEYS[1] .. "bell")
end
return found
]] }

-- Arguments for each event: partition, id, number, order_key.
scripts.done = { ALLOWED, READY, RELEASE, WITHDRAW, [[
for i = 1, #ARGV, 4 do
   if withdraw(ARGV[i], ARGV[i + 1]) then
      redis.call("ZREM", prefix .. "received", ARGV[i + 2])
      release(ARGV[i], ARGV[i + 3])
   end
end
return 1
]] }

-- Arguments: partition, id, longest lease and delay in milliseconds, attempts at most, reason.
scripts.fail = { ALLOWED, NOW, READY, RELEASE, WITHDRAW, FIELDS, IDLE, BURY, [[
local partition, id, delay = ARGV[1], ARGV[2], tonumber(ARGV[4])
local idle = idle_time(partition, id)
if not idle or idle >= tonumber(ARGV[3]) then
   return ""
end
local entry = redis.call("XRANGE", prefix .. "ready:" .. partition, id, id)[1]
local number, order_key, attempts, event = fields_of(entry)
withdraw(partition, id)
attempts = attempts + 1
if attempts >= tonumber(ARGV[5]) then
   bury(partition, entry, attempts, ARGV[6])
   return "dead"
elseif delay == 0 then
   ready(partition, number, order_key, attempts, event)
else
   redis.call("ZADD", prefix .. "delayed", now() + delay, number)
   redis.call("HSET", prefix .. "parked", number, cmsgpack.pack(partition, order_key, attempts, event))
end
return "retry"
]] }

-- Arguments: partition, id, longest lease in milliseconds, milliseconds by which this lease is shorter.
scripts.extend = { ALLOWED, IDLE, [[
local idle, consumer = idle_time(ARGV[1], ARGV[2])
if not idle or idle >= tonumber(ARGV[3]) then
   return 0
end
redis.call("XCLAIM", KEYS[1] .. "ready:" .. ARGV[1], "kenar", consumer, 0, ARGV[2], "IDLE", ARGV[4], "JUSTID")
return 1
]] }

-- Arguments for each event: partition, id.
scripts.give_back = { ALLOWED, READY, WITHDRAW, FIELDS, [[
for i = 1, #ARGV, 2 do
   local entry = redis.call("XRANGE", prefix .. "ready:" .. ARGV[i], ARGV[i + 1], ARGV[i + 1])[1]
   if entry and withdraw(ARGV[i], ARGV[i + 1]) then
      ready(ARGV[i], fields_of(entry))
   end
end
return 1
]] }

-- Ends leases and delays that are over. Arguments: partitions, consumer, longest lease in milliseconds, attempts at
-- most, how many leases and delays at most. Result: how many events are ready.
scripts.tidy = { ALLOWED, NOW, READY, RELEASE, WITHDRAW, FIELDS, BURY, [[
for partition = 0, ARGV[1] - 1 do
   local reply = redis.pcall("XAUTOCLAIM", prefix .. "ready:" .. partition, "kenar", ARGV[2], ARGV[3], "0-0",
      "COUNT", ARGV[5])
   for _, entry in ipairs(reply.err and {} or reply[2]) do
      local number, order_key, attempts, event = fields_of(entry)
      withdraw(partition, entry[1])
      attempts = attempts + 1
      if attempts >= tonumber(ARGV[4]) then
         bury(partition, entry, attempts, "its lease was over before it was handled")
      else
         ready(partition, number, order_key, attempts, event)
      end
   end
end
for _, number in ipairs(redis.call("ZRANGEBYSCORE", prefix .. "delayed", "-inf", now(), "LIMIT", 0, ARGV[5])) do
   local partition, order_key, attempts, event = cmsgpack.unpack(redis.call("HGET", prefix .. "parked", number))
   redis.call("ZREM", prefix .. "delayed", number)
   redis.call("HDEL", prefix .. "parked", number)
   ready(partition, number, order_key, attempts, event)
end
-- A delay of more than an hour is left when Redis's clock was set back. It becomes five minutes, the longest back-off.
local latest = ("(%.0f"):format(now() + 3600000)
for _, number in ipairs(redis.call("ZRANGEBYSCORE", prefix .. "delayed", latest, "+inf", "LIMIT", 0, ARGV[5])) do
   redis.call("ZADD", prefix .. "delayed", now() + 300000, number)
end
local untaken = 0
for partition = 0, ARGV[1] - 1 do
   local summary = redis.pcall("XPENDING", prefix .. "ready:" .. partition, "kenar")
   untaken = untaken + redis.call("XLEN", prefix .. "ready:" .. partition) - (summary.err and 0 or summary[1])
end
return untaken
]] }

-- Argument: number of the letter.
scripts.replay = { REFUSED, READY, ADMIT, [[
local id = ARGV[1] .. "-0"
local letter = redis.call("XRANGE", prefix .. "dead", id, id)[1]
if not letter then
   return 0
end
local fields, number = letter[2], redis.call("INCR", prefix .. "event")
redis.call("XDEL", prefix .. "dead", id)
redis.call("ZADD", prefix .. "received", fields[14], number)
admit(fields[2], number, fields[4], fields[8])
return 1
]] }

-- Argument: number of the letter.
scripts.discard = { ALLOWED, [[
return redis.call("XDEL", KEYS[1] .. "dead", ARGV[1] .. "-0")
]] }

-- Argument: partitions.
scripts.stats = { ALLOWED, [[
local prefix, running = KEYS[1], 0
for partition = 0, ARGV[1] - 1 do
   local summary = redis.pcall("XPENDING", prefix .. "ready:" .. partition, "kenar")
   running = running + (summary.err and 0 or summary[1])
end
return {
   redis.call("ZCARD", prefix .. "received"), running, redis.call("ZCARD", prefix .. "delayed"),
   redis.call("XLEN", prefix .. "dead"), redis.call("ZRANGE", prefix .. "received", 0, 0, "WITHSCORES")[2] or "",
}
]] }

---@return table<string, kenar.RedisScript>
return function()
   local made = {}
   for name, parts in pairs(scripts) do made[name] = redis.script(table.concat(parts)) end
   return made
end
