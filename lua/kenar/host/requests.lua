--- The defaults and checks of requests, which are the same on every host.
--
-- The loop's requests are read by kenar.curl, in C (request_lua.c); spec.support.host_contract compares the two.

local requests = {}

-- Seconds for the whole exchange and for the connection; bytes of a response.
requests.TIMEOUT, requests.CONNECT_TIMEOUT, requests.MAX_BODY = 30, 10, 1024 * 1024

local COMMON = { GET = true, POST = true }

--- The method of a request (default GET). Raises for a malformed method.
---@param req table
---@param level integer as for `error`
---@return string
function requests.method(req, level)
   local method = req.method or "GET"
   if not COMMON[method] and (type(method) ~= "string" or not method:find "^[A-Z]+$") then
      error("method is a word in upper case", level + 1)
   end
   return method
end

--- A field of a request that is a number above 0. Raises for other values.
---@param req table
---@param name string
---@param absent number the default
---@param level integer as for `error`
---@return number
function requests.number(req, name, absent, level)
   local value = req[name]
   if value == nil then
      return absent
   elseif type(value) ~= "number" or value ~= value or value <= 0 then
      error(name .. " is a number above 0", level + 1)
   end
   return value
end

return requests
