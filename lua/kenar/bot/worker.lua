--- Workers take events from the inbox and run their handlers. Events of one conversation run one after the other. An
--- event whose handler failed is tried again later, and at last becomes a dead letter.

local context = require "kenar.bot.context"
local events = require "kenar.event"
local inboxes = require "kenar.inbox"

local worker = {}

-- Seconds of an event's lease. The lease is extended while the handler runs.
local LEASE = 60
-- A handler that runs longer than this many seconds no longer counts as a worker.
local LONGEST = 600
local WORKERS = 32

---@class kenar.Worker
local Worker = {}
Worker.__index = Worker

local function event_of(taken)
   if taken.event then
      return taken.event
   end
   return events.read(taken.body, taken.headers)
end

local function failed(self, taken, ctx, err)
   if ctx then
      self.bot.dispatch:report(err, ctx)
   end
   -- The inbox keeps the reason on disk, so secrets are masked.
   local became, why = self.inbox:fail(taken.lease, nil, self.bot.log:mask(tostring(err)))
   if became == "dead" then
      self.bot.log:error("an event has become a dead letter", {
         event = taken.kind, conversation = taken.order_key, attempts = taken.attempts, error = tostring(err),
      })
   elseif not became then
      self.bot.log:error("the inbox failed", { error = tostring(why) })
   end
end

local function leave(self, taken)
   if self.running[taken] then
      self.running[taken] = nil
      self.count = self.count - 1
   end
end

local function work(taken)
   local self = taken.worker
   local event, err = event_of(taken)
   local ctx, ok
   if event then
      ctx = context.new(self.bot, event, {
         method = "POST", path = taken.path, headers = taken.headers or {}, body = taken.body,
      })
      ctx.attempt = taken.attempts
      ok, err = self.bot.dispatch:run(event, ctx)
   end
   leave(self, taken)
   if ok then
      self.bot.dispatch:after(ctx)
      self.inbox:done { taken.lease }
   elseif not self.stopped or err.kind ~= "closed" then
      failed(self, taken, ctx, err)
   end
   -- on_ready reports new events only, not events that were left because no worker was free.
   if self.count == self.workers - 1 then
      self:pump()
   end
end

-- Extend the leases of running events, so that no other worker takes them.
local function keep(self)
   local host = self.bot.host
   while self.count > 0 and host.sleep(self.lease / 3) do
      local now, list = host.clock(), {}
      -- Extending a lease may wait, and `running` changes meanwhile.
      for taken, began in pairs(self.running) do
         list[#list + 1] = { taken, began }
      end
      for _, pair in ipairs(list) do
         if now - pair[2] >= LONGEST then
            leave(self, pair[1])
            self:pump()
         elseif self.running[pair[1]] then
            self.inbox:extend(pair[1].lease, self.lease)
         end
      end
   end
   self.is_keeping = false
end

-- Take one event for each free worker. Returns whether the inbox may have more events for workers that are free.
local function take_some(self)
   local host = self.bot.host
   if self.count >= self.workers or self.stopped or host.closing() then
      return false
   end
   local list, err = self.inbox:take(self.bot.name or "bot", self.workers - self.count, self.lease)
   if not list then
      self.bot.log:error("the inbox failed", { error = tostring(err) })
      return false
   end
   for _, taken in ipairs(list) do
      self.count = self.count + 1
      self.running[taken] = host.clock()
      taken.worker = self
      self.bot.dispatch.background:start(work, taken)
   end
   return list[1] ~= nil and self.count < self.workers
end

local function pump_again(self)
   self.is_due = false
   self:pump()
end

--- Take events from the inbox, up to the number of free workers.
function Worker:pump()
   if self.stopped then
      return
   elseif self.is_pumping then
      self.is_wanted = true -- an inbox that waits may have looked before there was more
      return
   end
   local host = self.bot.host
   self.is_pumping, self.is_wanted = true, false
   local has_more = take_some(self)
   self.is_pumping = false
   if (has_more or self.is_wanted) and not self.is_due then
      -- Other tasks run in between, even if no handler waits.
      self.is_due = true
      host.spawn(pump_again, self)
   end
   if self.count > 0 and not self.is_keeping then
      self.is_keeping = true
      host.spawn(keep, self)
   end
end

--- Take no more events. Running handlers go on.
function Worker:stop()
   self.stopped = true
end

--- Write the last marks and close the inbox, so that the next process can open it. Unfinished events stay in it.
function Worker:close()
   self.stopped = true
   self.bot.inbox = nil
   local ok, err = self.inbox:close()
   if not ok then
      self.bot.log:error("the inbox failed", { error = tostring(err) })
   end
end

--- Open a bot's inbox and work on what is in it. The bot is attached to a host.
---@param bot kenar.Bot
---@param options { url: string, workers: integer?, lease: number?, power_cut: boolean?, attempts: integer?,
---   max_events: integer? } `lease`: seconds (60) after which what a process had that was killed comes again, where
---   several work on one inbox
---@return kenar.Worker? working, kenar.Error? err kind `store`: another process has the inbox, the file is broken
function worker.start(bot, options)
   local inbox, err = inboxes.open(options.url, bot.host, {
      power_cut = options.power_cut, attempts = options.attempts, max_events = options.max_events, name = bot.name,
   })
   if not inbox then
      return nil, err
   end
   local self = setmetatable({
      bot = bot, inbox = inbox, workers = options.workers or WORKERS, lease = options.lease or LEASE, count = 0,
      running = {}, stopped = false,
   }, Worker)
   inbox.on_ready = function()
      self:pump()
   end
   bot.inbox = inbox
   -- Events are taken once the caller serves, so that a caller whose port is taken tries none.
   bot.host.spawn(self.pump, self)
   return self
end

return worker
