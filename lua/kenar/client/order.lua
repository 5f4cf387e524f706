--- Messages to one conversation leave in the order they were given; those to others do not wait for them.

local errors = require "kenar.error"
local per_app = require "kenar.client.shared"
local turns = require "kenar.base.keyed_lock"

local order = {}

---@class kenar.Order
local Order = {}
Order.__index = Order

--- The order of an app's messages on a host.
---@type fun(host: table, api_key: string): kenar.Order
order.of = per_app.of(function(host)
   return setmetatable({ host = host, kinds = {} }, Order)
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

local function finish(conversations, id, ok, ...)
   conversations:give(id)
   if not ok then
      error((...), 0)
   end
   return ...
end

--- Call `f(...)` when all that was given earlier for this conversation has its outcome.
---@param endpoint kenar.Endpoint ids are told apart by what the endpoint calls them
---@param id string
---@param patience number? seconds to wait for the turn; nil: without end
---@param f function
---@return any ... what `f` returned; or nil and a kenar.Error of kind "timeout" or "closed"
function Order:run(endpoint, id, patience, f, ...)
   local kind = endpoint.id or endpoint.name
   local conversations = self.kinds[kind]
   if not conversations then
      conversations = turns.new(self.host)
      self.kinds[kind] = conversations
   end
   local taken, reason = conversations:take(id, patience)
   if not taken then
      return nil, refusal(endpoint, reason)
   end
   return finish(conversations, id, pcall(f, ...))
end

--- How many conversations have a message under way.
---@return integer
function Order:count()
   local count = 0
   for _, conversations in pairs(self.kinds) do
      count = count + conversations:count()
   end
   return count
end

return order
