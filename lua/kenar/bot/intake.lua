--- Intake of events whose sender waits for no result. The event is written to the inbox, or its handler runs at once if
--- its id is new; then it is answered with 200.
--
-- An event is answered with 200 even if its handler failed, because Divar documents no retry and counts errors against
-- the app's uptime. It is answered with 503 if the inbox cannot store it or the store cannot tell whether it is new.

local request = require "kenar.webhook.request"

local intake = {}

-- Shared by almost all responses, and never changed.
local ACKNOWLEDGED = request.response(200)

---@class kenar.Intake
local Intake = {}
Intake.__index = Intake

local function handle(self, event, ctx)
   local dispatch = self._dispatch
   local ok, err = dispatch:run(event, ctx)
   if not ok then
      dispatch:report(err, ctx)
   end
   dispatch:after(ctx)
   return ok
end

local function refuse(self, ctx, err)
   self._dispatch:report(err, ctx)
   return request.response(503)
end

local function acknowledge_duplicate(self)
   self._dispatch.metrics:add "kenar_duplicates_total"
   return ACKNOWLEDGED, true
end

local function store(self, event, ctx, inbox)
   local stored, err = inbox:put { {
      id = event.dedup_key, order_key = event.order_key, kind = event.kind, path = ctx.request.path, body = event.raw,
      received_at = self._dispatch.host.now(), event = event,
   } }
   if not stored then
      return refuse(self, ctx, err)
   elseif stored[1] == "duplicate" then
      return acknowledge_duplicate(self)
   end
   return ACKNOWLEDGED
end

local function handle_once(self, event, ctx)
   local dedup, key = self._dedup, event.dedup_key
   local claim, err = dedup:claim(key)
   if claim == nil then
      return refuse(self, ctx, err)
   elseif not claim then
      return acknowledge_duplicate(self)
   end
   local marked
   if handle(self, event, ctx) then
      marked, err = dedup:done(key, claim)
   else
      marked, err = dedup:release(key, claim)
   end
   if marked == nil then
      self._dispatch.log:error("an event's id could not be marked", { event = event.kind, error = tostring(err) })
   end
   return ACKNOWLEDGED
end

--- Store an event in the inbox, or run its handler.
---@param event kenar.Event
---@param ctx kenar.Context
---@param inbox? kenar.Inbox
---@return table response, boolean? is_duplicate the event came before, and is not handled again
function Intake:accept(event, ctx, inbox)
   if inbox then
      return store(self, event, ctx, inbox)
   end
   ctx.request.early = ACKNOWLEDGED
   if self._dedup and event.dedup_key then
      return handle_once(self, event, ctx)
   end
   handle(self, event, ctx)
   return ACKNOWLEDGED
end

---@param dispatch kenar.Dispatch
---@param dedup? kenar.Dedup nil: an event is handled as often as it comes
---@return kenar.Intake
function intake.new(dispatch, dedup)
   return setmetatable({ _dispatch = dispatch, _dedup = dedup }, Intake)
end

return intake
