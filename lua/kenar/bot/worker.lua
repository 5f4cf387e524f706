--- Events out of the inbox and through the handlers: as many at a time as there are workers, those of one conversation
--- one after the other. One that failed comes again later, and at last becomes a dead letter.

local context = require "kenar.bot.context"
local events = require "kenar.event"
local inboxes = require "kenar.inbox"

local working = {}

-- Seconds for which an event is a worker's; one that still works asks for as many again.
local LEASE = 60
-- A handler that has not ended after so many seconds is taken for one that never will.
local LONGEST = 600
local WORKERS = 32

---@class kenar.Working
local Working = {}
Working.__index = Working

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
   -- The reason is on the disk until somebody has looked at it.
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
   local self = taken.working
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
   -- The inbox tells of what is new in it, and not of what was left for want of a worker.
   if self.count == self.workers - 1 then
      self:pump()
   end
end

-- Keep what is being worked on from being given to another worker. One that never ends has no place among the workers.
local function keep(self)
   local host = self.bot.host
   while self.count > 0 and host.sleep(self.lease / 3) do
      local now, list = host.clock(), {}
      -- An inbox may wait, and others come and go meanwhile.
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

-- Take as many as there are free workers. Whether there may be more for those that are free again by then.
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
      taken.working = self
      self.bot.dispatch.background:start(work, taken)
   end
   return list[1] ~= nil and self.count < self.workers
end

local function pump_again(self)
   self.is_due = false
   self:pump()
end

--- Take what there is, up to the number of workers.
function Working:pump()
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
      -- Handlers that wait for nothing would hold up everybody else until the inbox is empty.
      self.is_due = true
      host.spawn(pump_again, self)
   end
   if self.count > 0 and not self.is_keeping then
      self.is_keeping = true
      host.spawn(keep, self)
   end
end

--- Take nothing more. What is being worked on goes on.
function Working:stop()
   self.stopped = true
end

--- Write the last marks, and let the next process have the inbox. What has not ended stays in it.
function Working:close()
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
---@return kenar.Working? working, kenar.Error? err kind `store`: another process has the inbox, the file is broken
function working.start(bot, options)
   local inbox, err = inboxes.open(options.url, bot.host, {
      power_cut = options.power_cut, attempts = options.attempts, max_events = options.max_events, name = bot.name,
   })
   if not inbox then
      return nil, err
   end
   local self = setmetatable({
      bot = bot, inbox = inbox, workers = options.workers or WORKERS, lease = options.lease or LEASE, count = 0,
      running = {}, stopped = false,
   }, Working)
   inbox.on_ready = function()
      self:pump()
   end
   bot.inbox = inbox
   -- Not before the caller serves: where it cannot, for its port is taken, no event has been tried.
   bot.host.spawn(self.pump, self)
   return self
end

return working
