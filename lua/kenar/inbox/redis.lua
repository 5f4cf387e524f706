--- An inbox in Redis, which all workers of all machines share. It works inside nginx, over lua-resty-redis.
--
-- An event is handled at least once: when a worker ends, other workers get its events after their leases. With
-- `appendonly yes` and `appendfsync always` in Redis, stored events survive the end of Redis and a power cut. The keys
-- are described in kenar.inbox.redis.scripts.

local redis = require "kenar.db.redis"
local inboxes = require "kenar.inbox.redis.inbox"
local scripts = require "kenar.inbox.redis.scripts"
local streams = require "kenar.inbox.redis.streams"

local redis_inbox = {}

local ATTEMPTS, MAX_EVENTS = 8, 1000000
-- The number may change only while the inbox is empty: no worker would read the streams beyond a lower number.
local PARTITIONS = 8
-- Seconds.
local LONGEST_LEASE = 60

--- Open an inbox. It sends nothing before its first use.
---@param options { url: string, host: kenar.Host, options: table } `url`: the URL after `redis:`; `options`: those of
---   `inbox.open`, and `longest_lease` (60 seconds) and `partitions` (8), which must be the same in all processes
---@return kenar.RedisInbox? inbox, kenar.Error? err kind `store`
function redis_inbox.new(options)
   local connection, err = redis.new(options.url)
   if not connection then
      return nil, err
   end
   local given = options.options
   local opened = streams.new {
      connection = connection, scripts = scripts(), host = options.host, power_cut = given.power_cut,
      -- The braces put all keys on one server of a cluster, which a script needs.
      prefix = ("kenar:{%s}:inbox:"):format(given.name or "bot"),
      partitions = given.partitions or PARTITIONS, longest = (given.longest_lease or LONGEST_LEASE) * 1000,
      attempts = given.attempts or ATTEMPTS, max_events = given.max_events or MAX_EVENTS,
   }
   return inboxes.new(options.host, opened)
end

return redis_inbox
