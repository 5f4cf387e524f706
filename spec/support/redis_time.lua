--- Lets time pass in a Redis: all that falls due there does so sooner.

local redis_time = {}

-- Times to live get shorter, delays end sooner, and leases have not been renewed for longer.
local PASS = [[
local milliseconds = tonumber(ARGV[1])
for _, key in ipairs(redis.call("KEYS", "*")) do
   local left = redis.call("PTTL", key)
   if left > milliseconds then
      redis.call("PEXPIRE", key, left - milliseconds)
   elseif left >= 0 then
      redis.call("DEL", key)
   end
   if key:find "delayed$" then
      for _, member in ipairs(redis.call("ZRANGE", key, 0, -1)) do
         redis.call("ZINCRBY", key, -milliseconds, member)
      end
   elseif key:find "ready:%d+$" then
      local has_group = redis.call("XINFO", "GROUPS", key)[1] ~= nil
      for _, pending in ipairs(has_group and redis.call("XPENDING", key, "kenar", "-", "+", 1000) or {}) do
         redis.call("XCLAIM", key, "kenar", pending[2], 0, pending[1], "IDLE", pending[3] + milliseconds, "JUSTID")
      end
   end
end
]]

--- A host like another one, with clocks that can be put forward.
---@param host table
---@return table host with `pass(seconds)`
function redis_time.host(host)
   local shifted, passed = setmetatable({}, { __index = host }), 0
   function shifted.now() return host.now() + passed end
   function shifted.clock() return host.clock() + passed end
   function shifted.pass(seconds) passed = passed + seconds end
   return shifted
end

--- Let seconds pass.
---@param call fun(command: string, ...): any sends a command, and raises where that fails
---@param seconds number
function redis_time.pass(call, seconds)
   call("eval", PASS, 0, ("%d"):format(seconds * 1000))
end

return redis_time
