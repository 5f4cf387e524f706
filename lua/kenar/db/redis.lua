--- Sends commands to a Redis server from nginx, over lua-resty-redis, on connections that the worker keeps.
--
-- Redis may have executed a command whose reply was lost, so no command is sent a second time.

local core = require "kenar.core"
local errors = require "kenar.error"

local connections = {}

---@class kenar.RedisConnection
local Connection = {}
Connection.__index = Connection
Connection.__name = "kenar.redis_connection"

-- Milliseconds.
local CONNECT_TIMEOUT, REPLY_TIMEOUT, IDLE = 1000, 2000, 60000
-- Connections that a worker keeps.
local KEPT = 64
-- The level of a method's caller in `connect`; the methods end in tail calls, which have no level.
local CALLER = 3

-- OpenResty's name of the module, and the name in Debian's package.
local MODULES = { "resty.redis", "nginx.redis" }

function Connection:__tostring()
   return ("%s: %s"):format(Connection.__name, self.place)
end

--- What is missing for Redis, apart from lua-resty-redis.
---@return string? message nil: nothing
function connections.lacks()
   local nginx = rawget(_G, "ngx")
   return not (nginx and nginx.socket) and "Redis is reached from inside nginx only (see kenar.resty)" or nil
end

local function client_module()
   local message = connections.lacks()
   if message then
      return nil, message
   end
   for _, name in ipairs(MODULES) do
      local ok, module = pcall(require, name)
      if ok then
         return module
      end
   end
   return nil, "lua-resty-redis is missing: install it (Debian calls the package lua-nginx-redis)"
end

local function failed(self, message, code_name)
   return nil, errors.new {
      kind = "store", code_name = code_name, message = ("Redis at %s: %s"):format(self.place, message),
   }
end

-- An error reply of Redis begins with a word for the cause, such as OOM or READONLY.
local function refused(self, message)
   return failed(self, message, message:match "^%u+%f[%s]")
end

local function log_in(self, redis)
   local ok, message
   if self._password then
      if self._user then
         ok, message = redis:auth(self._user, self._password)
      else
         ok, message = redis:auth(self._password)
      end
      if not ok then
         return nil, message
      end
   end
   if self._database ~= 0 then
      ok, message = redis:select(self._database)
      return ok, message
   end
   return true
end

local function connect(self)
   self._check_phase("a command to Redis", CALLER)
   local redis = self._module:new()
   redis:set_timeout(CONNECT_TIMEOUT)
   local ok, message = redis:connect(self._host, self._port, { pool = self._pool, pool_size = KEPT })
   if not ok then
      return failed(self, message, "NO_CONNECTION")
   end
   if redis:get_reused_times() == 0 then
      ok, message = log_in(self, redis)
      if not ok then
         redis:close()
         return refused(self, message)
      end
   end
   return redis
end

local function call(self, milliseconds, command, ...)
   local redis, err = connect(self)
   if not redis then
      return nil, err
   end
   redis:set_timeout(milliseconds)
   local reply, message = redis[command](redis, ...)
   if reply == nil then
      redis:close()
      return failed(self, message, "NO_ANSWER")
   end
   redis:set_keepalive(IDLE, KEPT)
   if reply == false then
      return refused(self, message)
   elseif reply == ngx.null then
      return nil
   end
   return reply
end

--- Send a command. Raises an error in a phase of nginx that cannot wait.
---@param command string in lower case
---@param ... string|number
---@return any reply nil without an error: Redis's null
---@return kenar.Error? err kind `store`; `code_name` is the first word of Redis's error, NO_CONNECTION, or NO_ANSWER:
---   Redis may have executed the command
function Connection:call(command, ...)
   return call(self, REPLY_TIMEOUT, command, ...)
end

--- Send a command that blocks its connection at Redis, such as `blpop`.
---@param seconds number for how long at most
---@param command string
---@param ... string|number
---@return any reply, kenar.Error? err as `call`
function Connection:wait(seconds, command, ...)
   return call(self, math.ceil(seconds * 1000) + REPLY_TIMEOUT, command, ...)
end

--- Run a script. Its only key may be the prefix of the keys that it uses.
---@param script kenar.RedisScript
---@param key string
---@param ... string|number
---@return any reply, kenar.Error? err as `call`
function Connection:run(script, key, ...)
   local reply, err = self:call("evalsha", script.digest, 1, key, ...)
   if err and err.code_name == "NOSCRIPT" then
      return self:call("eval", script.source, 1, key, ...)
   end
   return reply, err
end

---@class kenar.RedisScript
---@field source string
---@field digest string the SHA-1 by which Redis finds it after it has run it once

--- Make a script for `run`. Redis executes it as one step.
---@param source string
---@return kenar.RedisScript
function connections.script(source)
   local digest = ngx.sha1_bin(source):gsub(".", function(byte)
      return ("%02x"):format(byte:byte())
   end)
   return { source = source, digest = digest }
end

-- [[user]:password@]host[:port][/database]
local function parse(rest)
   local authority, path = rest:match "^//([^/]+)(.*)$"
   local database = (path or "-"):match "^/?(%d*)$"
   if not database then
      return nil
   end
   local login, address = authority:match "^(.*)@([^@]*)$"
   local user, password = (login or ""):match "^([^:]*):(.*)$"
   address = address or authority
   local host, behind = address:match "^([%w._-]+)(.*)$"
   if not host then
      host, behind = address:match "^(%[[%x:.]+%])(.*)$"
   end
   local port = (behind or "-"):match "^:?(%d*)$"
   if not port or login and not user then
      return nil
   end
   local place = host .. ":" .. (port == "" and 6379 or port)
   user, password = user and core.percent_decode(user), password and core.percent_decode(password)
   return {
      place = place, _host = host, _port = tonumber(port) or 6379, _database = tonumber(database) or 0,
      _user = user ~= "" and user or nil, _password = password ~= "" and password or nil,
   }
end

--- Make a connection. It connects at its first command.
---@param rest string the URL after `redis:`, which is //[[user]:password@]host[:port][/database]
---@return kenar.RedisConnection? connection, kenar.Error? err kind `store`; it shows nothing of the URL
function connections.new(rest)
   local module, message = client_module()
   if not module then
      return nil, errors.new { kind = "store", message = message }
   end
   local self = parse(rest)
   if not self then
      return nil, errors.new {
         kind = "store",
         message = "expected redis://host, redis://host:6379/0 or redis://:password@host (percent-encoded)",
      }
   end
   self._module = module
   -- Outside of nginx the module cannot be loaded.
   self._check_phase = require("kenar.host.resty.phases").check
   -- Each login and each database has connections of its own.
   local login = ngx.md5(("%s\n%s"):format(self._user or "", self._password or ""))
   self._pool = ("kenar.redis:%s/%d:%s"):format(self.place, self._database, login)
   return setmetatable(self, Connection)
end

return connections
