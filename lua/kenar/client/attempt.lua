--- One attempt of a call: a request through the host, and what came of it. kenar.client.retry makes several of them.

local response = require "kenar.client.response"

local delivery = {}

-- A call that only reads may be repeated whatever became of it, a bad certificate apart.
local function is_retryable(endpoint, err)
   if err.kind ~= "network" and err.kind ~= "timeout" then
      return false
   end
   return err.sent == "no" or endpoint.reads == true
end

--- The name by which metrics tell an endpoint from the others: an old call may have the name of today's.
---@param endpoint kenar.Endpoint
---@return string
function delivery.label(endpoint)
   return endpoint.is_legacy and "legacy." .. endpoint.name or endpoint.name
end

local function attempt(host, endpoint, request)
   local res, err = host.request(request)
   local result
   if res then
      result, err = response.read(endpoint, res, host.now)
      if result then
         return result
      end
   elseif err.retryable == nil then
      err.retryable = is_retryable(endpoint, err)
   end
   err.method = endpoint.method
   err.endpoint = endpoint.name
   err.attempts = 1
   return nil, err
end

local function counted_attempt(host, endpoint, request, metrics)
   if not metrics then
      return attempt(host, endpoint, request)
   end
   local began, label = host.clock(), delivery.label(endpoint)
   local result, err = attempt(host, endpoint, request)
   metrics:observe("kenar_call_seconds", label, host.clock() - began)
   metrics:add("kenar_calls_total", label, result and "ok" or err.kind)
   return result, err
end

local function on_new_connection(request)
   local copy = {}
   for name, value in pairs(request) do
      copy[name] = value
   end
   copy.fresh = true
   return copy
end

--- Send one request. If a connection that was idle had died before a byte of the request left on it, the request goes
--- out once more, at once, on a new connection.
---@param host table where it runs
---@param endpoint kenar.Endpoint
---@param request table the host's request
---@param metrics? kenar.Metrics where it is counted
---@param ends_at? number by host.clock; nothing is sent once more after it
---@return table? result, kenar.Error? err
function delivery.send(host, endpoint, request, metrics, ends_at)
   local result, err = counted_attempt(host, endpoint, request, metrics)
   if result or not err.stale or (ends_at and host.clock() > ends_at) then
      return result, err
   end
   if metrics then
      metrics:add("kenar_retries_total", delivery.label(endpoint))
   end
   return counted_attempt(host, endpoint, on_new_connection(request), metrics)
end

return delivery
