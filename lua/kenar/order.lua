--- Messages to one conversation leave in the order they were given; those to others do not wait for them.
--
-- A conversation has an entry here only while a message to it is under way: `true`, or the line of those who wait for
-- their turn. Most conversations never have a line, so that a message costs a look into a table and no more.

local errors = require "kenar.error"

local order = {}

---@class kenar.Order
local Order = {}
Order.__index = Order

-- By host, then by API key: clients of one app share an order, whoever they act for. A host's goes with the host, an
-- app's with its last client.
local known = setmetatable({}, { __mode = "k" })

--- The order of an app's messages on a host.
---@param host table
---@param api_key string
---@return kenar.Order
function order.of(host, api_key)
   local apps = known[host]
   if not apps then
      apps = setmetatable({}, { __mode = "v" })
      known[host] = apps
   end
   local found = apps[api_key]
   if not found then
      found = setmetatable({ busy = {} }, Order)
      apps[api_key] = found
   end
   return found
end

-- Hand the turn to whoever has waited longest.
local function leave(busy, id)
   local line = busy[id]
   while line ~= true and line.first <= line.last do
      local place = line[line.first]
      line[line.first] = nil
      line.first = line.first + 1
      if place then
         place:post()
         return
      end
   end
   busy[id] = nil
end

-- Who goes away leaves a gap, unless the turn came at the same moment: then it is the next one's.
local function give_up(busy, id, line, number)
   if number < line.first then
      leave(busy, id)
   else
      line[number] = false
   end
end

local refusals = {
   timeout = "an earlier message to the same conversation was still under way at the deadline",
   closed = "the host has stopped",
}

-- Wait for the turn; an error when it does not come.
local function wait(host, endpoint, busy, id, patience)
   local line = busy[id]
   if line == true then
      line = { first = 1, last = 0 }
      busy[id] = line
   end
   local number, place = line.last + 1, host.semaphore(0)
   line.last, line[number] = number, place
   -- Waiting raises where it never could come to an end.
   local ok, taken, reason = pcall(place.wait, place, patience)
   if ok and taken then
      return nil
   end
   give_up(busy, id, line, number)
   if not ok then
      error(taken, 0)
   end
   return errors.new {
      kind = reason, message = refusals[reason], sent = "no", retryable = reason == "timeout", attempts = 0,
      endpoint = endpoint.name, method = endpoint.method,
   }
end

local function finish(busy, id, ok, ...)
   leave(busy, id)
   if not ok then
      error((...), 0)
   end
   return ...
end

--- Call `f(...)` when all that was given earlier for this conversation has its outcome.
---@param host table
---@param endpoint kenar.Endpoint ids are told apart by what the endpoint calls them
---@param id string
---@param patience number? seconds to wait for the turn; nil: without end
---@param f function
---@return any ... what `f` returned; or nil and a kenar.Error of kind "timeout" or "closed"
function Order:run(host, endpoint, id, patience, f, ...)
   local kind = endpoint.id or endpoint.name
   local busy = self.busy[kind]
   if not busy then
      busy = {}
      self.busy[kind] = busy
   end
   if busy[id] then
      local err = wait(host, endpoint, busy, id, patience)
      if err then
         return nil, err
      end
   else
      busy[id] = true
   end
   return finish(busy, id, pcall(f, ...))
end

--- How many conversations have a message under way.
---@return integer
function Order:count()
   local count = 0
   for _, busy in pairs(self.busy) do
      for _ in pairs(busy) do
         count = count + 1
      end
   end
   return count
end

return order
