--- An inbox in an nginx `lua_shared_dict`: what was put into it survives a worker being killed and a reload of nginx,
--- and not the end of nginx's master or of the machine.
--
-- Every worker reads the log in the dict, knows from it which events there are and in what order, and takes them with a
-- lease. Who has taken an event is in the dict; a worker that has died is found out when the lease is over.

local Inbox = require "kenar.inbox.shdict.inbox"
local keepers = require "kenar.inbox.keeper"
local lanes = require "kenar.inbox.lanes"
local logs = require "kenar.inbox.shdict.log"
local timers = require "kenar.base.timers"
local zones = require "kenar.db.shdict"

local shdict_inbox = {}

local ATTEMPTS, MAX_EVENTS = 8, 1000000
-- How many ids are known at most.
local IDS = 100000

local function close(self)
   for _, running in pairs(self._running) do
      local attempts, _, _, lease = self._log:state(running.number)
      if lease == running.lease then
         self._log:leave(running.number, attempts - 1, 0)
      end
   end
   return true
end

--- Give back what this worker has. May be called again.
---@return true? ok, kenar.Error? err
function Inbox:close()
   if self._closed then
      return true
   end
   local ok, err = self:locked(close)
   self._closed = true
   self._keeper:stop()
   return ok, err
end

--- Open an inbox. What is in it can be taken at once.
---@param options { zone: string, host: table, options: table } see `inbox.open`; nothing else may write to the zone
---@return kenar.ShdictInbox? inbox, kenar.Error? err kind `store`: there is no such zone
function shdict_inbox.new(options)
   local zone, err = zones.open(options.zone)
   if not zone then
      return nil, err
   end
   local host, given = options.host, options.options
   local self = setmetatable({
      _zone = zone, _host = host, _log = logs.new(zone, IDS), _lanes = lanes.new(), _parked = timers.new(),
      _ending = timers.new(), _running = {}, _events = {}, _cursor = 0, _closed = false,
      _attempts = given.attempts or ATTEMPTS, _max_events = given.max_events or MAX_EVENTS, on_ready = nil,
   }, Inbox)
   self._keeper = keepers.new(host, function(now)
      return self:fall_due(now)
   end)
   self._on_stop = function() self._keeper:stop() end
   host.on_stop(self._on_stop)
   self:follow()
   self._keeper:wake_by(host.clock())
   return self
end

return shdict_inbox
