--- Callbacks: events whose sender waits for the handler's result. Divar and its user wait when a button is pressed, the
--- app is opened or a dynamic action asks; a browser waits for a page.
--
-- Divar unpublishes apps that are slow. If the handler has not ended within the budget, the user gets the fallback. The
-- handler goes on without a response.

local errors = require "kenar.error"
local response = require "kenar.webhook.response"

local callback = {}

---@class kenar.Callback
local Callback = {}
Callback.__index = Callback

-- The budget covers `catch` too, which may make calls. Errors of the handler are reported here.
local function run_in_time(self, event, ctx, budget)
   local dispatch = self._dispatch
   local is_late, has_failed = false, false
   local task = dispatch.background:spawn(function()
      local ok, result = dispatch:run(event, ctx)
      if not ok then
         has_failed = true
         dispatch:report(result, ctx)
      end
      if is_late then
         dispatch:after(ctx)
      end
      return ok, result
   end)
   local done, ok, result = task:wait(budget)
   if done then
      return ok, result
   end
   is_late = true
   dispatch.metrics:add("kenar_late_answers_total", event.kind)
   if not has_failed then
      dispatch.background:spawn(dispatch.report, dispatch, errors.new {
         kind = "timeout",
         message = ("the handler was not done after %g s, and the user got the fallback"):format(budget),
      }, ctx)
   end
   return false
end

local function answer(self, event, ctx, budget)
   local dispatch = self._dispatch
   local ok, result
   if budget then
      ok, result = run_in_time(self, event, ctx, budget)
   else
      ok, result = dispatch:run(event, ctx)
      if not ok then
         dispatch:report(result, ctx)
      end
   end
   if ok and result then
      dispatch:after(ctx)
      return result
   end
   if ok then
      dispatch.log:warn("no handler", { event = event.kind, action = ctx.action, source = event.source })
   end
   return response.fallback(event, self._fallback, ctx)
end

--- Run the handler of a callback and build the response: the fallback if the handler failed or there is none.
---@param event kenar.Event
---@param ctx kenar.Context
---@param budget? number seconds after which the user gets the fallback; nil: no limit
---@return table response
function Callback:answer(event, ctx, budget)
   local dispatch = self._dispatch
   local clock = dispatch.host.clock
   local began = clock()
   local result = answer(self, event, ctx, budget)
   dispatch.metrics:observe("kenar_callback_seconds", event.kind, clock() - began)
   return result
end

---@param dispatch kenar.Dispatch
---@param fallback { url: string?, text: string? } the bot's option
---@return kenar.Callback
function callback.new(dispatch, fallback)
   return setmetatable({ _dispatch = dispatch, _fallback = fallback }, Callback)
end

return callback
