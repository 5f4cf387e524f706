--- Commands to a Redis server, inside nginx: over lua-resty-redis, on connections that the worker keeps.
--
-- A command that got no answer may have been carried out; nothing is sent a second time.

local core = require "kenar.core"
local errors = require "kenar.error"
local first_wait = require "kenar.host.resty.first_wait"

local connections = {}

---@class kenar.RedisConnection
local Connection = {}
Connection.__index = Connection
Connection.__name = "kenar.redis_connection"

-- Milliseconds.
local CONNECT_TIMEOUT, ANSWER_TIMEOUT, IDLE = 1000, 2000, 60000
-- Connections that a worker keeps.
local KEPT = 64

-- As OpenResty calls the module, and as Debian's package does.
local MODULES = { "resty.redis", "nginx.redis" }

function Connection:__tostring()
   return ("%s: %s"):format(Connection.__name, self.place)
end

local function client_module()
   if not (ngx and ngx.socket) then
      return nil, "Redis is reached from inside nginx only (see kenar.resty)"
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

-- What Redis answers with an error begins with a word of its own, such as OOM or READONLY.
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

-- Phases of nginx that cannot wait are told by nginx's own error.
local function connect(self)
   first_wait.tell()
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

--- Send a command.
---@param command string in lower case
---@param ... string|number
---@return any reply nil without an error: Redis's null
---@return kenar.Error? err kind `store`; `code_name` is Redis's word for it, NO_CONNECTION, or NO_ANSWER, after which
---   it may have been carried out
function Connection:call(command, ...)
   return call(self, ANSWER_TIMEOUT, command, ...)
end

--- Send a command that waits at Redis.
---@param seconds number how long at most
---@param command string
---@param ... string|number
---@return any reply, kenar.Error? err as `call`
function Connection:wait(seconds, command, ...)
   return call(self, math.ceil(seconds * 1000) + ANSWER_TIMEOUT, command, ...)
end

--- Run a script on one key, or on all that begin with it.
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
---@field digest string by which Redis knows it, once it has run it

--- A script for `run`. Redis carries it out as one step.
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

--- Make one. It connects at its first command.
---@param rest string what stands behind `redis:` in the URL: //[[user]:password@]host[:port][/database]
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
   -- Who logged in as somebody else, or chose another database, has connections of his own.
   local login = ngx.md5(("%s\n%s"):format(self._user or "", self._password or ""))
   self._pool = ("kenar.redis:%s/%d:%s"):format(self.place, self._database, login)
   return setmetatable(self, Connection)
end

return connections
