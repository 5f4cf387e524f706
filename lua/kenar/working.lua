--- Events out of the inbox and through the handlers: as many at a time as there are workers, those of one conversation
--- one after the other. One that failed comes again later, and at last becomes a dead letter.

local context = require "kenar.context"
local events = require "kenar.event"
local handling = require "kenar.handling"
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
      handling.report(self.bot, err, ctx)
   end
   local became, why = self.inbox:fail(taken.lease, nil, tostring(err))
   if became == "dead" then
      self.bot.log:error("an event has become a dead letter", {
         event = taken.kind, conversation = taken.order_key, attempts = taken.attempts, error = tostring(err),
      })
   elseif not became then
      self.bot.log:error("the inbox failed", { error = tostring(why) })
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
      ok, err = handling.run(self.bot, ctx)
   end
   self.running[taken] = nil
   self.count = self.count - 1
   if ok then
      handling.after(self.bot, ctx)
      self.inbox:done { taken.lease }
   elseif not self.stopped or err.kind ~= "closed" then
      failed(self, taken, ctx, err)
   end
   -- The inbox tells of what is new in it, and not of what was left for want of a worker.
   if self.count == self.workers - 1 then
      self:pump()
   end
end

-- Keep what is being worked on from being given to another worker.
local function keep(self)
   local host = self.bot.host
   while self.count > 0 and host.sleep(LEASE / 3) do
      local now = host.clock()
      for taken, began in pairs(self.running) do
         if now - began < LONGEST then
            self.inbox:extend(taken.lease, LEASE)
         end
      end
   end
   self.is_keeping = false
end

--- Take what there is, up to the number of workers.
function Working:pump()
   if self.stopped or self.is_pumping then
      return
   end
   self.is_pumping = true
   local host = self.bot.host
   while self.count < self.workers and not self.stopped do
      local list, err = self.inbox:take(self.bot.name or "bot", self.workers - self.count, LEASE)
      if not list then
         self.bot.log:error("the inbox failed", { error = tostring(err) })
      end
      if not list or not list[1] then
         break
      end
      for _, taken in ipairs(list) do
         self.count = self.count + 1
         self.running[taken] = host.clock()
         taken.working = self
         self.bot._background:start(work, taken)
      end
   end
   self.is_pumping = false
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
   self.inbox:close()
end

--- Open a bot's inbox and work on what is in it. The bot is attached to a host.
---@param bot kenar.Bot
---@param options { url: string, workers: integer?, power_cut: boolean?, attempts: integer?, max_events: integer? }
---@return kenar.Working? working, kenar.Error? err kind `store`: another process has the inbox, the file is broken
function working.start(bot, options)
   local inbox, err = inboxes.open(options.url, bot.host, {
      power_cut = options.power_cut, attempts = options.attempts, max_events = options.max_events,
   })
   if not inbox then
      return nil, err
   end
   local self = setmetatable({
      bot = bot, inbox = inbox, workers = options.workers or WORKERS, count = 0, running = {}, stopped = false,
   }, Working)
   inbox.on_ready = function()
      self:pump()
   end
   bot.inbox = inbox
   self:pump()
   return self
end

return working
