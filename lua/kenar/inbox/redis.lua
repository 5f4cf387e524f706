--- An inbox in Redis, for all workers of all machines: inside nginx, over lua-resty-redis.
--
-- An event is handled at least once; what a worker had out when it died is given to another one when its lease is over.
-- What outlives Redis's own end depends on how Redis is set up: with `appendonly yes` and `appendfsync always`
-- everything that `put` has stored does. What is kept where stands in kenar.inbox.redis.scripts.

local connections = require "kenar.db.redis"
local inboxes = require "kenar.inbox.redis.inbox"
local scripts = require "kenar.inbox.redis.scripts"
local streams = require "kenar.inbox.redis.streams"

local redis_inbox = {}

local ATTEMPTS, MAX_EVENTS = 8, 1000000
-- Another number needs an empty inbox: nobody would read the streams beyond it.
local PARTITIONS = 8
-- Seconds.
local LONGEST_LEASE = 60

--- Open an inbox. Nothing is sent before its first use.
---@param options { url: string, host: table, options: table } `url`: what stands behind `redis:`; see `inbox.open`;
---   `options.longest_lease` (60 seconds) and `options.partitions` (8) must be the same wherever the inbox is opened
---@return kenar.RedisInbox? inbox, kenar.Error? err kind `store`
function redis_inbox.new(options)
   local connection, err = connections.new(options.url)
   if not connection then
      return nil, err
   end
   local given = options.options
   local opened = streams.new {
      connection = connection, scripts = scripts(), host = options.host, power_cut = given.power_cut,
      -- The braces: all keys at one server of a cluster, as a script needs them.
      prefix = ("kenar:{%s}:inbox:"):format(given.name or "bot"),
      partitions = given.partitions or PARTITIONS, longest = (given.longest_lease or LONGEST_LEASE) * 1000,
      attempts = given.attempts or ATTEMPTS, max_events = given.max_events or MAX_EVENTS,
   }
   return inboxes.new(options.host, opened)
end

return redis_inbox
