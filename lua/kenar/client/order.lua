--- Messages to one conversation are sent in the order they were given. Conversations do not wait for each other.

local errors = require "kenar.error"
local keyed_lock = require "kenar.base.keyed_lock"
local shared = require "kenar.client.shared"

local order = {}

---@class kenar.Order
local Order = {}
Order.__index = Order

--- The order of an app's messages on a host.
---@type fun(host: table, api_key: string): kenar.Order
order.of = shared.by_app(function(host)
   return setmetatable({ _host = host, _locks = {} }, Order)
end)

local refusals = {
   timeout = "an earlier message to the same conversation was still under way at the deadline",
   closed = "the host has stopped",
}

local function refusal(endpoint, reason)
   return errors.new {
      kind = reason, message = refusals[reason], sent = "no", retryable = reason == "timeout", attempts = 0,
      endpoint = endpoint.name, method = endpoint.method,
   }
end

local function release(lock, id, ok, ...)
   lock:give(id)
   if not ok then
      error((...), 0)
   end
   return ...
end

--- Run `f(context, call, ends_at)` when all earlier calls for the conversation are over. If the call has the option
--- `deadline`, it counts from now: the call waits for its turn until then, and `ends_at` is that time by host.clock.
---@param call kenar.Call its endpoint tells which kind of id the conversation has
---@param id string the conversation's
---@param f fun(context: any, call: kenar.Call, ends_at: number?): ...
---@param context any
---@return any ... the results of `f`, or nil and a kenar.Error of kind "timeout" or "closed"
function Order:run(call, id, f, context)
   local endpoint, options = call.endpoint, call.options
   local kind = endpoint.id or endpoint.name
   local lock = self._locks[kind]
   if not lock then
      lock = keyed_lock.new(self._host)
      self._locks[kind] = lock
   end
   local patience = options and options.deadline
   local ends_at = patience and self._host.clock() + patience
   local taken, reason = lock:take(id, patience)
   if not taken then
      return nil, refusal(endpoint, reason)
   end
   return release(lock, id, pcall(f, context, call, ends_at))
end

--- How many conversations have a message under way.
---@return integer
function Order:count()
   local count = 0
   for _, lock in pairs(self._locks) do
      count = count + lock:count()
   end
   return count
end

return order
