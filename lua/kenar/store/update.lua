--- Changes the value of a key in one step, also if other processes change it at the same time.

local errors = require "kenar.error"

-- An attempt fails only if another one has succeeded in between, so no number of them can block each other.
local ATTEMPTS = 100

local function attempt(store, key, change)
   local old, err = store:get(key)
   if err then
      return nil, err
   end
   local new, ttl, result = change(old)
   if new == nil then
      return true, result
   end
   local swapped
   if old then
      swapped, err = store:cas(key, old, new, ttl)
   else
      swapped, err = store:add(key, new, ttl)
   end
   if swapped == nil then
      return nil, err
   end
   return swapped, result
end

--- Change a value.
---@param store kenar.Store an error that it raises is returned like one that it returns
---@param key string
---@param change fun(old: string?): string?, number?, any the new value, its ttl in seconds, and a result; a new value
---   of nil leaves the key as it is. `change` is called again if another process has changed the key in between
---@return any result of the last `change`; nil if the store failed
---@return kenar.Error? err kind `store`
return function(store, key, change)
   for _ = 1, ATTEMPTS do
      local ok, done, result = pcall(attempt, store, key, change)
      if not ok then
         return nil, errors.is(done) and done or errors.new { kind = "store", message = tostring(done) }
      elseif done == nil then
         return nil, result
      elseif done then
         return result
      end
   end
   return nil, errors.new { kind = "store", message = "others changed the key in between, again and again" }
end
