--- From an event to its response: the handler's turn, its time, and its errors.

local errors = require "kenar.error"
local reply = require "kenar.reply"

local answering = {}

local function as_error(raised)
   if errors.is(raised) then
      return raised
   end
   return errors.new {
      kind = "handler", message = tostring(raised), traceback = debug.traceback(tostring(raised), 2),
   }
end

--- Tell of an error: to `catch` where the bot has one, else to the log.
---@param self kenar.Bot
---@param err kenar.Error
---@param ctx kenar.Context
function answering.report(self, err, ctx)
   if not self._catch then
      self.log:error("handler failed", {
         event = ctx.kind, conversation = ctx.conversation_id, error = tostring(err),
         traceback = err.traceback,
      })
      return
   end
   local ok, raised = xpcall(self._catch, as_error, err, ctx)
   if not ok then
      self.log:error("catch failed", { error = tostring(raised), cause = tostring(err) })
   end
end

local function call_handler(self, ctx)
   return xpcall(self._router.dispatch, as_error, self._router, ctx)
end

-- A user waits, and Divar unpublishes apps that are slow: a handler that is late goes on, but without its answer.
local function answer_in_time(self, ctx, budget)
   local is_late = false
   local task = self.host.spawn(function()
      local ok, value = call_handler(self, ctx)
      if is_late and not ok then
         answering.report(self, value, ctx)
      end
      return ok, value
   end)
   local done, ok, value = task:wait(budget)
   if done then
      return ok, value
   end
   is_late = true
   return false, errors.new {
      kind = "timeout", message = ("the handler was not done after %g s, and the user got the fallback"):format(budget),
   }
end

--- Hand an event to the bot's handlers and answer it. A verified event is answered 200 even when its handler failed:
--- Divar documents no retry, and counts errors against the app's uptime.
---@param self kenar.Bot
---@param ctx kenar.Context
---@param budget? number seconds after which whom a user waits for is answered with the fallback
---@return table response
function answering.answer(self, ctx, budget)
   local event = ctx._event
   local ok, value
   if budget and reply.is_awaited(event.kind) then
      ok, value = answer_in_time(self, ctx, budget)
   else
      ok, value = call_handler(self, ctx)
   end
   -- Nobody has to hear of a consent.
   local is_optional = event.kind == "oauth_return" and event.detail ~= "failed"
   if ok and (ctx.handled ~= false or is_optional) then
      local response, err = reply.of(event, value, ctx)
      if response then
         return response
      end
      ok, value = false, errors.is(err) and err or errors.new { kind = "handler", message = err }
   end
   if not ok then
      answering.report(self, value, ctx)
   elseif reply.is_awaited(event.kind) then
      self.log:warn("no handler", { event = event.kind, action = ctx.action, source = event.source })
   end
   return reply.fallback(event, self._fallback, ctx)
end

return answering
