--- An event's way through the bot's handlers: its conversation's turn, the handler, the session, and what comes after.

local errors = require "kenar.error"
local reply = require "kenar.webhook.response"
local sessions = require "kenar.bot.session"

local handling = {}

-- How long an event waits for an earlier one of its conversation, in seconds.
local PATIENCE = 60

local function as_error(raised)
   if errors.is(raised) then
      return raised
   end
   return errors.new {
      kind = "handler", message = tostring(raised), traceback = debug.traceback(tostring(raised), 2),
   }
end

-- What xpcall gives. A memory error does not pass through the message handler.
local function as_raised(ok, value)
   if ok or errors.is(value) then
      return ok, value
   end
   return false, errors.new { kind = "handler", message = tostring(value) }
end

--- Tell of an error: to `catch` where the bot has one, else to the log.
---@param self kenar.Bot
---@param err kenar.Error
---@param ctx kenar.Context
function handling.report(self, err, ctx)
   if not self._catch then
      self.log:error("handler failed", {
         event = ctx.kind, conversation = ctx.conversation_id, error = tostring(err),
         traceback = err.traceback,
      })
      return
   end
   local ok, raised = as_raised(xpcall(self._catch, as_error, err, ctx))
   if not ok then
      self.log:error("catch failed", { error = tostring(raised), cause = tostring(err) })
   end
end

-- A user who takes his consent back must be gone before anybody speaks for him once more.
local function forget_user(self, ctx)
   local user_id = ctx.user_id
   if user_id then
      local count, err = self.grants:forget_user(user_id)
      if not count then
         handling.report(self, err, ctx)
      end
   end
end

-- Events of one conversation are handled one after the other. One that a user waits for takes its turn only when it
-- uses the session: it may not have to wait for a message that is being handled.
local function take_turn(self, ctx)
   local event = ctx._event
   local key = event.order_key
   if not key or reply.is_awaited(event.kind) then
      return true
   end
   local taken, reason = self._turns:take(key, PATIENCE)
   if taken then
      ctx._turn = key
      return true
   end
   return false, errors.new {
      kind = reason, retryable = true, sent = "no",
      message = reason == "closed" and "the host has stopped"
         or ("an earlier event of this conversation was not done after %d s"):format(PATIENCE),
   }
end

-- A host may run this in the turn in which the answer was given; it leaves at that turn's end.
local function run_after(self, ctx, list)
   self.host.sleep(0)
   for _, fn in ipairs(list) do
      local ok, raised = as_raised(xpcall(fn, as_error, ctx))
      if not ok then
         handling.report(self, raised, ctx)
      end
   end
end

--- Run what `ctx:after` was given, once the answer has left.
---@param self kenar.Bot
---@param ctx kenar.Context
function handling.after(self, ctx)
   local list = rawget(ctx, "_after")
   if list then
      ctx._after = nil
      self._background:spawn(run_after, self, ctx, list)
   end
end

local function dispatch(self, ctx, finish)
   local value = self._router:dispatch(ctx)
   if finish then
      value = finish(ctx, value)
   end
   local saved, err = sessions.save(ctx)
   if not saved then
      error(err, 0)
   end
   return value
end

-- What came of it, and how long it took, for who looks.
local function measure(self, ctx, ok, began)
   local kind = ctx._event.kind
   self.metrics:observe("kenar_handler_seconds", kind, self.host.clock() - began)
   self.metrics:add("kenar_events_total", kind, not ok and "failed" or ctx.handled == false and "unhandled" or "ok")
end

-- Who wonders why the bot is silent looks here. What bots wrote is passed over every time.
local function tell_unheard(self, ctx)
   local event = ctx._event
   if event.kind == "message" and not (event.sender and event.sender.type == "BOT") then
      self.log:info("no handler", { event = event.kind, conversation = event.conversation_id, type = event.type })
   end
end

local function run(self, ctx, finish)
   if ctx._event.kind == "user_access_revocation" then
      forget_user(self, ctx)
   end
   local began = self.is_measured and self.host.clock()
   local ok, value = as_raised(xpcall(dispatch, as_error, self, ctx, finish))
   sessions.release(ctx)
   if ok and ctx.handled == false then
      tell_unheard(self, ctx)
   end
   if began then
      measure(self, ctx, ok, began)
   end
   return ok, value
end

--- Hand an event to the bot's handlers, when it is its turn. The session is saved only when the handler did not fail.
---@param self kenar.Bot
---@param ctx kenar.Context
---@param finish? fun(ctx: kenar.Context, value: any): any makes of what the handler returned what is wanted of it;
---   where it raises, the handler has failed
---@return boolean ok, any value what the handler returned, or what `finish` made of it, or a kenar.Error
function handling.run(self, ctx, finish)
   local ok, value = take_turn(self, ctx)
   if ok then
      ok, value = run(self, ctx, finish)
   end
   if not ok then
      ctx._after = nil
   end
   local turn = ctx._turn
   if turn then
      ctx._turn = false
      self._turns:give(turn)
   end
   return ok, value
end

return handling
