--- A sandbox and a bot on real ports of one loop, for specs of what a page gets.
local json = require "kenar.json"
local kenar = require "kenar"
local listeners = require "kenar.host.loop.listener"
local loop = require "kenar.host.loop"
local servers = require "kenar.sandbox.server"
local wire = require "spec_wire"

local sandboxed = {}

local PATIENCE = 5

local Sandboxed = {}
Sandboxed.__index = Sandboxed

function sandboxed.open(options)
   local host = loop.new {}
   host.log = function() end
   local self = setmetatable({ host = host, sockets = {} }, Sandboxed)
   self.sandbox = assert(servers.open(host, options or { seed = "0000abcd" }))
   self.judge = self.sandbox.judge
   self.bot = kenar.bot {}
   self.bot:attach(host, {
      base_url = self.sandbox:url(), api_key = servers.settings.api_key, access_token = servers.settings.access_token,
      attempts = 1, identification_key = servers.settings.identification_key, log_level = "error",
   })
   self.listener = assert(listeners.open(host, { address = "127.0.0.1", port = 0 }, function(request)
      return (self.answer or self.bot.handle)(self.bot, request)
   end))
   self.sandbox:point_at(("http://127.0.0.1:%d/kenar"):format(self.listener:port()))
   return self
end

--- A request, whole: status, body, headers.
function Sandboxed:ask(method, path, headers, body)
   local res = assert(self.host.request {
      method = method, url = self.sandbox:url() .. path, headers = headers or {}, body = body, timeout = PATIENCE,
   })
   return res.status, res.body, res.headers
end

--- A call of the API: status and decoded body.
function Sandboxed:call(method, path, value)
   local status, body = self:ask(method, path, { ["content-type"] = "application/json" }, value and json.encode(value))
   return status, json.decode(body)
end

--- Run the loop until `condition` gives a value, and return it.
function Sandboxed:await(condition, what)
   local deadline = wire.clock() + PATIENCE
   while true do
      local value = condition()
      if value then
         return value
      elseif wire.clock() > deadline then
         error(("waited %d s for %s"):format(PATIENCE, what), 2)
      end
      self.host:step(0.05)
   end
end

--- Listen to the feed: an object with `events`, each { name, decoded }.
function Sandboxed:listen()
   local socket = assert(wire.connect(self.sandbox:port()))
   local listener = { socket = socket, bytes = "", events = {} }
   self.sockets[#self.sockets + 1] = listener
   assert(socket:send("GET /sandbox/feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
   function listener.read()
      local more = socket:receive(65536, 0)
      if more then
         listener.bytes = listener.bytes .. more
         for name, data in more:gmatch "event: (%w+)\ndata: ([^\n]*)\n" do
            listener.events[#listener.events + 1] = { name, json.decode(data) }
         end
      end
   end
   self:await(function()
      listener.read()
      return listener.bytes:find "retry: %d+\n\n"
   end, "the feed")
   return listener
end

--- The next event of this name that the feed tells; those before it are dropped.
function Sandboxed:event(listener, name)
   return self:await(function()
      listener.read()
      while listener.events[1] do
         local event = table.remove(listener.events, 1)
         if event[1] == name then
            return event[2]
         end
      end
   end, name)
end

function Sandboxed:close()
   for _, listener in ipairs(self.sockets) do
      listener.socket:close()
   end
   self.listener:close(1)
   self.sandbox:close(1)
   self.host:stop()
   self.host:run()
   assert(self.host:count() == 0)
end

return sandboxed
