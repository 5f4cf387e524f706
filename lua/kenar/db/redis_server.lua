--- Whether a Redis server is set up to keep what it is given.

local errors = require "kenar.error"

local servers = {}

-- The first one whose scripts are refused as a whole where there is no room, and not half-way.
local OLDEST = 7

local function information(connection, section)
   local text, err = connection:call("info", section)
   if not text then
      -- A login may not be allowed to ask.
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

--- Check that it is new enough and never drops a key that has not expired.
---@param connection kenar.RedisConnection
---@return true? ok, kenar.Error? err kind `store`
function servers.check(connection)
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

--- Check that what it has taken outlives its process, and the machine's power where that is asked for.
---@param connection kenar.RedisConnection
---@param power_cut? boolean
---@return true? ok, kenar.Error? err kind `store`; where only the process is meant, doubts are logged
function servers.check_durability(connection, power_cut)
   local persistence, err = information(connection, "persistence")
   if not persistence then
      return nil, err
   end
   local doubt
   if persistence.aof_enabled == "0" then
      doubt = "has `appendonly no`: what it has taken is lost when it ends"
   elseif power_cut then
      local setting = connection:call("config", "get", "appendfsync")
      if not setting or setting[2] ~= "always" then
         doubt = "has not `appendfsync always`: what it has taken last is lost in a power cut"
      end
   end
   if doubt and power_cut then
      return refuse(connection, doubt)
   elseif doubt then
      ngx.log(ngx.WARN, "Redis at ", connection.place, " ", doubt)
   end
   return true
end

return servers
