--- An inbox in an nginx `lua_shared_dict`: its events survive a killed worker and a reload of nginx, but not the end of
--- nginx's master or of the machine.
--
-- Every worker reads the log in the dict, from which it knows the events and their order. A worker takes an event with
-- a lease, which the dict has, so the events of a killed worker are handled again when their leases are over.

local inboxes = require "kenar.inbox.shdict.inbox"
local logs = require "kenar.inbox.shdict.log"
local shdict = require "kenar.db.shdict"

local shdict_inbox = {}

local ATTEMPTS, MAX_EVENTS = 8, 1000000
-- How many ids are known at most.
local IDS = 100000

--- Open an inbox.
---@param options { zone: string, host: table, options: table } see `inbox.open`; nothing else may write to the zone
---@return kenar.ShdictInbox? inbox, kenar.Error? err kind `store`: there is no such zone
function shdict_inbox.new(options)
   local zone, err = shdict.open(options.zone)
   if not zone then
      return nil, err
   end
   local given = options.options
   return inboxes.new {
      host = options.host, zone = zone, log = logs.new(zone, IDS),
      attempts = given.attempts or ATTEMPTS, max_events = given.max_events or MAX_EVENTS,
   }
end

return shdict_inbox
