--- Lets time pass in an nginx shared dict: times to live get shorter.

---@param dict table
---@param seconds number
return function(dict, seconds)
   for _, key in ipairs(dict:get_keys(0)) do
      local left = dict:ttl(key)
      if left and left > seconds then
         dict:expire(key, left - seconds)
      elseif left and left > 0 then
         dict:delete(key)
      end
   end
end
