--- Lets time pass in a Redis: all that falls due there does so sooner. Runs inside nginx.

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
   elseif key:find "ready:%d+$" and redis.call("EXISTS", key) == 1 then
      for _, pending in ipairs(redis.call("XPENDING", key, "kenar", "-", "+", 1000)) do
         redis.call("XCLAIM", key, "kenar", pending[2], 0, pending[1], "IDLE", pending[3] + milliseconds, "JUSTID")
      end
   end
end
]]

--- A host like another one, with clocks that can be put forward.
---@param host table
---@return table host with `pass(seconds)`
function redis_time.host(host)
   local shifted, passed = {}, 0
   for name, value in pairs(host) do
      shifted[name] = value
   end
   function shifted.now() return host.now() + passed end
   function shifted.clock() return host.clock() + passed end
   function shifted.pass(seconds) passed = passed + seconds end
   return shifted
end

--- Let seconds pass.
---@param connection kenar.RedisConnection
---@param seconds number
function redis_time.pass(connection, seconds)
   local _, err = connection:call("eval", PASS, 0, ("%d"):format(seconds * 1000))
   if err then
      error(tostring(err), 2)
   end
end

return redis_time
