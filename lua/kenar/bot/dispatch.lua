--- Dispatch of an event: lock the conversation, run the handler, build a callback's response, save the session, and
--- afterwards run the functions of `ctx:after`.

local errors = require "kenar.error"
local events = require "kenar.event"
local response = require "kenar.webhook.response"

local dispatch = {}

-- Seconds that an event waits for an earlier event of its conversation.
local PATIENCE = 60

---@class kenar.Dispatch
---@field router kenar.Router
---@field locks kenar.KeyedLock        one lock a conversation
---@field background kenar.Background  tasks that a stop waits for
---@field metrics kenar.Metrics
---@field log table
---@field host kenar.Host
---@field grants kenar.Grants
---@field catch? fun(err: kenar.Error, ctx: kenar.Context)
---@field is_measured? boolean         whether handlers are timed and events are counted
local Dispatch = {}
Dispatch.__index = Dispatch

local function as_error(raised)
   if errors.is(raised) then
      return raised
   end
   return errors.new {
      kind = "handler", message = tostring(raised), traceback = debug.traceback(tostring(raised), 2),
   }
end

-- The results of xpcall. A memory error does not pass through the message handler.
local function as_raised(ok, value)
   if ok or errors.is(value) then
      return ok, value
   end
   return false, errors.new { kind = "handler", message = tostring(value) }
end

--- Report an error: to `catch` if the bot has one, else to the log.
---@param err kenar.Error
---@param ctx kenar.Context
function Dispatch:report(err, ctx)
   if not self.catch then
      self.log:error("handler failed", {
         event = ctx.kind, conversation = ctx.conversation_id, error = tostring(err),
         traceback = err.traceback,
      })
      return
   end
   local ok, raised = as_raised(xpcall(self.catch, as_error, err, ctx))
   if not ok then
      self.log:error("catch failed", { error = tostring(raised), cause = tostring(err) })
   end
end

-- The grants of a user who withdraws consent are deleted before any handler runs, so that none is used once more.
local function forget_user(self, ctx)
   local user_id = ctx.user_id
   if user_id then
      local count, err = self.grants:forget_user(user_id)
      if not count then
         self:report(err, ctx)
      end
   end
end

-- Events of one conversation are handled one after the other. A callback is not: its user must not wait for a message
-- that is being handled. Its session takes the lock when the handler uses it.
local function lock_conversation(self, key)
   local taken, reason = self.locks:take(key, PATIENCE)
   if taken then
      return true
   end
   return false, errors.new {
      kind = reason, retryable = true, sent = "no",
      message = reason == "closed" and "the host has stopped"
         or ("an earlier event of this conversation was not done after %d s"):format(PATIENCE),
   }
end

-- A host may start this task before the response has left; it leaves when the host's current turn ends.
local function run_after(self, ctx, list)
   self.host.sleep(0)
   for _, fn in ipairs(list) do
      local ok, raised = as_raised(xpcall(fn, as_error, ctx))
      if not ok then
         self:report(raised, ctx)
      end
   end
end

--- Start the functions of `ctx:after` in the background.
---@param ctx kenar.Context
function Dispatch:after(ctx)
   local list = ctx:take_after()
   if list then
      self.background:spawn(run_after, self, ctx, list)
   end
end

-- The response to a callback; nil if no route matched. A consent needs no handler unless it failed.
local function response_of(event, ctx, value)
   local is_optional = event.kind == "oauth_return" and event.detail ~= "failed"
   if ctx.handled == false and not is_optional then
      return nil
   end
   local built, err = response.of(event, value, ctx)
   if not built then
      error(err, 0)
   end
   return built
end

local function run_handler(self, event, ctx)
   local value = self.router:dispatch(event, ctx)
   if events.is_callback(event) then
      value = response_of(event, ctx, value)
   end
   local saved, err = ctx:save_session()
   if not saved then
      error(err, 0)
   end
   return value
end

local function measure(self, event, outcome, began)
   self.metrics:observe("kenar_handler_seconds", event.kind, self.host.clock() - began)
   self.metrics:add("kenar_events_total", event.kind, outcome)
end

-- Log messages that no route matches, so that a silent bot can be diagnosed. Bots' own messages are not logged.
local function log_unhandled(self, event)
   if event.kind == "message" and not (event.sender and event.sender.type == "BOT") then
      self.log:info("no handler", { event = event.kind, conversation = event.conversation_id, type = event.type })
   end
end

local function run(self, event, ctx)
   if event.kind == "user_access_revocation" then
      forget_user(self, ctx)
   end
   local began = self.is_measured and self.host.clock()
   local ok, value = as_raised(xpcall(run_handler, as_error, self, event, ctx))
   ctx:release_session()
   if ok and ctx.handled == false then
      log_unhandled(self, event)
   end
   if began then
      measure(self, event, not ok and "failed" or ctx.handled == false and "unhandled" or "ok", began)
   end
   return ok, value
end

--- Run the handler of an event once the conversation is free. The session is saved only if the handler succeeded.
---@param event kenar.Event
---@param ctx kenar.Context
---@return boolean ok, any value the response to a callback, or nil; a kenar.Error if the handler failed
function Dispatch:run(event, ctx)
   local key = not events.is_callback(event) and event.order_key
   local ok, value = true, nil
   if key then
      ok, value = lock_conversation(self, key)
   end
   if ok then
      ok, value = run(self, event, ctx)
      if key then
         self.locks:give(key)
      end
   else
      ctx:release_session()
   end
   if not ok then
      ctx:take_after()
   end
   return ok, value
end

---@param given { router: kenar.Router, locks: kenar.KeyedLock, background: kenar.Background, metrics: kenar.Metrics,
---   log: table, host: kenar.Host, grants: kenar.Grants, catch: function? }
---@return kenar.Dispatch
function dispatch.new(given)
   return setmetatable({
      router = given.router, locks = given.locks, background = given.background, metrics = given.metrics,
      log = given.log, host = given.host, grants = given.grants, catch = given.catch, is_measured = false,
   }, Dispatch)
end

return dispatch
