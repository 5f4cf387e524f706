--- From an event to its response: who waits gets the handler's answer in time, who does not hears that it has come.

local errors = require "kenar.error"
local handling = require "kenar.bot.dispatch"
local reply = require "kenar.webhook.response"
local webhook = require "kenar.webhook.request"

local answering = {}

-- Nobody changes it: it is the answer to nearly everything.
local ACKNOWLEDGED = webhook.response(200)

-- A user waits, and Divar unpublishes apps that are slow: a handler that is late goes on, but without its answer. The
-- same time is for `catch`, which may have calls to make. What failed has been reported.
local function answer_in_time(self, ctx, budget, respond)
   local is_late, has_failed = false, false
   local task = self._background:spawn(function()
      local ok, response = handling.run(self, ctx, respond)
      if not ok then
         has_failed = true
         handling.report(self, response, ctx)
      end
      if is_late then
         handling.after(self, ctx)
      end
      return ok, response
   end)
   local done, ok, response = task:wait(budget)
   if done then
      return ok, response
   end
   is_late = true
   self.metrics:add("kenar_late_answers_total", ctx._event.kind)
   if not has_failed then
      self._background:spawn(handling.report, self, errors.new {
         kind = "timeout",
         message = ("the handler was not done after %g s, and the user got the fallback"):format(budget),
      }, ctx)
   end
   return false
end

-- The response that a handler's value makes; nil where there was no handler, an error where it makes none.
local function response_of(ctx, value)
   local event = ctx._event
   -- Nobody has to hear of a consent.
   local is_optional = event.kind == "oauth_return" and event.detail ~= "failed"
   if ctx.handled == false and not is_optional then
      return nil
   end
   local response, err = reply.of(event, value, ctx)
   if not response then
      error(err, 0)
   end
   return response
end

local function answer(self, ctx, budget)
   local ok, response
   if budget then
      ok, response = answer_in_time(self, ctx, budget, response_of)
   else
      ok, response = handling.run(self, ctx, response_of)
      if not ok then
         handling.report(self, response, ctx)
      end
   end
   if ok and response then
      handling.after(self, ctx)
      return response
   end
   local event = ctx._event
   if ok then
      self.log:warn("no handler", { event = event.kind, action = ctx.action, source = event.source })
   end
   return reply.fallback(event, self._fallback, ctx)
end

--- Hand an event that somebody waits for to the bot's handlers, and answer it: with the fallback where that failed.
---@param self kenar.Bot
---@param ctx kenar.Context
---@param budget? number seconds after which it is answered with the fallback
---@return table response
function answering.answer(self, ctx, budget)
   local clock = self.host.clock
   local began = clock()
   local response = answer(self, ctx, budget)
   self.metrics:observe("kenar_callback_seconds", ctx._event.kind, clock() - began)
   return response
end

local function handle(self, ctx)
   local ok, value = handling.run(self, ctx)
   if not ok then
      handling.report(self, value, ctx)
   end
   handling.after(self, ctx)
   return ok
end

local function refuse(self, ctx, err)
   handling.report(self, err, ctx)
   return webhook.response(503)
end

local function repeated(self)
   self.metrics:add "kenar_duplicates_total"
   return ACKNOWLEDGED, true
end

-- Divar hears that the event has come when it is on the disk.
local function keep(self, ctx)
   local event, request = ctx._event, ctx.request
   local stored, err = self.inbox:put { {
      id = event.dedup_key, order_key = event.order_key, kind = event.kind, path = request.path, body = event.raw,
      received_at = self.host.now(), event = event,
   } }
   if not stored then
      return refuse(self, ctx, err)
   end
   if stored[1] ~= "duplicate" then
      return ACKNOWLEDGED
   end
   return repeated(self)
end

local function handle_once(self, ctx, key)
   local dedup = self._dedup
   local claim, err = dedup:claim(key)
   if claim == nil then
      return refuse(self, ctx, err)
   elseif not claim then
      return repeated(self)
   end
   local done
   if handle(self, ctx) then
      done, err = dedup:done(key, claim)
   else
      done, err = dedup:release(key, claim)
   end
   if done == nil then
      self.log:error("an event's id could not be marked", { event = ctx.kind, error = tostring(err) })
   end
   return ACKNOWLEDGED
end

--- Take an event that nobody waits for. A verified one is answered 200 even when its handler failed: Divar documents
--- no retry, and counts errors against the app's uptime. It is answered 503 where it had to be stored and could not be.
---@param self kenar.Bot
---@param ctx kenar.Context
---@return table response, boolean? is_duplicate it has come before, and is not handled again
function answering.take(self, ctx)
   if self.inbox then
      return keep(self, ctx)
   end
   -- A host that can do so answers with this while the handler is still at work.
   ctx.request.early = ACKNOWLEDGED
   local key = self._dedup and ctx._event.dedup_key
   if key then
      return handle_once(self, ctx, key)
   end
   handle(self, ctx)
   return ACKNOWLEDGED
end

return answering
