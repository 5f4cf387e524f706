--- Checks that a Redis server is set up to keep what it stores.

local errors = require "kenar.error"

local redis_server = {}

-- The first version that refuses a script before its first command if memory is full, and not in its middle.
local OLDEST = 7

local function information(connection, section)
   local text, err = connection:call("info", section)
   if not text then
      -- The login may lack the permission for INFO.
      return err.code_name == "NOPERM" and {} or nil, err
   end
   local values = {}
   for line in text:gmatch "[^\r\n]+" do
      local name, value = line:match "^([%w_]+):(.*)$"
      if name then
         values[name] = value
      end
   end
   return values
end

local function refuse(connection, message)
   return nil, errors.new {
      kind = "store", code_name = "UNFIT_SERVER", message = ("Redis at %s %s"):format(connection.place, message),
   }
end

--- Check that the server is new enough and never drops a key that has not expired.
---@param connection kenar.RedisConnection
---@return true? ok, kenar.Error? err kind `store`
function redis_server.check(connection)
   local server, err = information(connection, "server")
   if not server then
      return nil, err
   end
   local version = server.redis_version
   if version and tonumber(version:match "^%d+") < OLDEST then
      return refuse(connection, ("is version %s; %d.0 or newer is needed"):format(version, OLDEST))
   end
   local memory
   memory, err = information(connection, "memory")
   if not memory then
      return nil, err
   elseif memory.maxmemory_policy and memory.maxmemory_policy ~= "noeviction" and memory.maxmemory ~= "0" then
      return refuse(connection, ("drops keys when it is full (maxmemory-policy %s): set it to noeviction")
         :format(memory.maxmemory_policy))
   end
   return true
end

--- Check that what the server has stored survives the end of its process.
---@param connection kenar.RedisConnection
---@param power_cut? boolean whether it must survive a power cut as well
---@return true? ok, kenar.Error? err kind `store`; without `power_cut`, a doubt is logged and is no error
function redis_server.check_durability(connection, power_cut)
   local persistence, err = information(connection, "persistence")
   if not persistence then
      return nil, err
   end
   local doubt
   if persistence.aof_enabled == "0" then
      doubt = "has `appendonly no`: everything in it is lost when it ends"
   elseif power_cut then
      local setting = connection:call("config", "get", "appendfsync")
      if not setting or setting[2] ~= "always" then
         doubt = "lacks `appendfsync always`: its last writes are lost in a power cut"
      end
   end
   if doubt and power_cut then
      return refuse(connection, doubt)
   elseif doubt then
      ngx.log(ngx.WARN, "Redis at ", connection.place, " ", doubt)
   end
   return true
end

return redis_server
