--- A Redis of the spec's own: a server on a free port of 127.0.0.1, and a client of it for the spec.

local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local redis = {}

local Server = {}
Server.__index = Server

--- Whether Redis is installed, and nginx's module for it.
function redis.is_installed()
   local server, module = io.open "/usr/bin/redis-server", io.open "/usr/share/lua/5.1/nginx/redis.lua"
   for _, file in pairs { server, module } do
      file:close()
   end
   return server ~= nil and module ~= nil
end

local function free_port()
   local listener = assert(wire.listen())
   local port = listener:port()
   listener:close()
   return port
end

local function read_reply(self)
   while true do
      local line, rest = self.buffer:match "^(.-)\r\n(.*)$"
      if line then
         self.buffer = rest
         local kind, value = line:sub(1, 1), line:sub(2)
         if kind == "-" then
            error("Redis: " .. value, 0)
         elseif kind == "+" then
            return value
         elseif kind == ":" then
            return tonumber(value)
         end
         local count = tonumber(value)
         if count < 0 then
            return nil
         elseif kind == "*" then
            local list = {}
            for i = 1, count do
               list[i] = read_reply(self)
            end
            return list
         end
         while #self.buffer < count + 2 do
            self.buffer = self.buffer .. assert(self.socket:receive(65536, 10))
         end
         local bytes = self.buffer:sub(1, count)
         self.buffer = self.buffer:sub(count + 3)
         return bytes
      end
      self.buffer = self.buffer .. assert(self.socket:receive(65536, 10))
   end
end

--- Send a command and wait for the reply.
---@param ... string|number
---@return any reply
function Server:call(...)
   if not self.socket then
      self.socket, self.buffer = assert(wire.connect(self.port)), ""
      if self.settings.requirepass then
         self:call("auth", self.settings.requirepass)
      end
   end
   local arguments = { ... }
   local pieces = { ("*%d\r\n"):format(#arguments) }
   for _, argument in ipairs(arguments) do
      argument = tostring(argument)
      pieces[#pieces + 1] = ("$%d\r\n%s\r\n"):format(#argument, argument)
   end
   assert(self.socket:send(table.concat(pieces)))
   return read_reply(self)
end

--- Start it, or start it again with what it has on the disk.
function Server:start()
   local command = {
      "redis-server", "--port", tostring(self.port), "--bind", "127.0.0.1", "--dir", self.scratch.path, "--save", "",
      "--logfile", self.scratch:file "redis.log",
   }
   for name, value in pairs(self.settings) do
      command[#command + 1], command[#command + 2] = "--" .. name, value
   end
   self.process = assert(wire.spawn(command, { stderr = "stdout" }))
   local deadline = wire.clock() + 10
   repeat
      assert(wire.clock() < deadline, "Redis does not answer")
      wire.poll({}, 0.01)
      local ok, reply = pcall(self.call, self, "ping")
      if not ok then
         self:disconnect()
      end
   until ok and reply == "PONG"
end

function Server:disconnect()
   if self.socket then
      self.socket:close()
      self.socket = nil
   end
end

--- End its process; what is on the disk stays.
---@param signal integer 9 KILL, 15 TERM
function Server:halt(signal)
   self:disconnect()
   if self.process then
      self.process:kill(signal)
      self.process:wait(10)
      self.process:close()
      self.process = nil
   end
end

--- End it, and what it left on the disk.
function Server:stop()
   self:halt(15)
   self.scratch:remove()
end

--- Start one.
---@param settings? table<string, string> as redis.conf has them
---@return table server with `port` and `url`
function redis.start(settings)
   local port = free_port()
   local self = setmetatable({
      scratch = scratch.new(), port = port, url = ("redis://127.0.0.1:%d"):format(port), settings = settings or {},
   }, Server)
   self:start()
   return self
end

return redis
