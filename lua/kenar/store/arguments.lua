--- Checks of arguments that all stores have.
--
-- A store's method calls them directly, so that the error has the line of the method's caller.

local arguments = {}

---@param name string
---@param value any
function arguments.expect_string(name, value)
   if type(value) ~= "string" then
      error(("%s: expected a string, got %s"):format(name, type(value)), 3)
   end
end

--- The time at which a key expires.
---@param ttl? number seconds
---@param now number
---@return number time infinity without a `ttl`
function arguments.expiry(ttl, now)
   if ttl == nil then
      return math.huge
   end
   if type(ttl) ~= "number" or ttl ~= ttl or ttl <= 0 then
      error("ttl: expected seconds, a number above 0", 3)
   end
   return now + ttl
end

return arguments
