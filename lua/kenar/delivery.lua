--- One attempt of a call: a request through the host, and what came of it. kenar.retry makes several of them.

local response = require "kenar.response"

local delivery = {}

-- A call that only reads may be repeated whatever became of it, a bad certificate apart.
local function is_retryable(endpoint, err)
   if err.kind ~= "network" and err.kind ~= "timeout" then
      return false
   end
   return err.sent == "no" or endpoint.reads == true
end

--- Send one request, once.
---@param host table where it runs
---@param endpoint kenar.Endpoint
---@param request table the host's request
---@return table? result, kenar.Error? err
function delivery.send(host, endpoint, request)
   local res, err = host.request(request)
   local result
   if res then
      result, err = response.read(endpoint, res, host.now())
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

return delivery
