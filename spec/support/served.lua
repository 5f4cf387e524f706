--- A kenar.httpd server and raw clients in one process: every wait of a client runs the server.
local httpd = require "kenar.httpd"
local wire = require "spec_wire"

local served = {}

-- No wait of a spec is longer than this.
local PATIENCE = 5

local Served = {}
Served.__index = Served

-- `received` is all that has come and was not looked at; a long answer comes in many pieces.
local Client = {}

function Client:__index(name)
   if name ~= "received" then
      return Client[name]
   end
   local received = table.concat(self.pieces)
   self.pieces = { received }
   return received
end

function Client:__newindex(name, value)
   if name == "received" then
      self.pieces = { value }
   else
      rawset(self, name, value)
   end
end

---@param options? table for httpd.server
---@return table
function served.open(options)
   local server = assert(httpd.server(options or {}))
   return setmetatable({ server = server, clients = {} }, Served)
end

--- Run the server until `condition` gives a value, and return it.
---@param condition fun(): any
---@param what? string said when it does not happen
---@param interval? number ask at least so often, in seconds
function Served:drive(condition, what, interval)
   local deadline = wire.clock() + PATIENCE
   while true do
      local wait = self.server:run()
      if self.handle then
         self:answer_all()
      end
      local value = condition()
      if value then
         return value
      end
      local left = deadline - wire.clock()
      if left <= 0 then
         error(("waited %d s for %s"):format(PATIENCE, what or "something"), 2)
      end
      self:wait(math.min(wait or left, left, interval or left))
   end
end

-- Until the server or one of the clients has something to do.
function Served:wait(seconds)
   local fds = { self.server:fd() }
   for client in pairs(self.clients) do
      if not client.ended then
         fds[#fds + 1] = client.socket:fd()
      end
   end
   local unsent = false
   for client in pairs(self.clients) do
      unsent = unsent or client.unsent ~= ""
   end
   wire.poll(fds, unsent and math.min(seconds, 0.005) or seconds)
   for client in pairs(self.clients) do
      client:exchange()
   end
end

function Served:answer_all()
   while true do
      local id, request = self.server:next()
      if not id then
         return
      end
      local answer = self.handle(request, id)
      if answer then
         self.server:respond(id, answer.status or 200, answer.headers, answer.body)
      end
   end
end

--- The next request that the server hands out.
---@return integer id, table request
function Served:request()
   local request
   local id = self:drive(function()
      local next_id
      next_id, request = self.server:next()
      return next_id
   end, "a request")
   return id, request
end

--- Run the server until it has nothing left to do but wait: on loopback, what was sent has arrived by then.
function Served:settle()
   self:drive(function()
      return not wire.poll({ self.server:fd() }, 0)[self.server:fd()] and self.server:run() ~= 0
   end, "the server to settle")
end

---@param bytes? string to send at once
function Served:client(bytes)
   local client = setmetatable({ served = self, pieces = {}, unsent = "" }, Client)
   client.socket = assert(wire.connect(self.server:port()))
   self.clients[client] = true
   if bytes then
      client:send(bytes)
   end
   return client
end

function Served:close()
   for client in pairs(self.clients) do
      client:close()
   end
   self.server:close()
end

--- Hand bytes to the kernel; what it does not take now follows while the server runs.
function Client:send(bytes)
   self.unsent = self.unsent .. bytes
   self:exchange()
end

-- Move what can be moved without waiting.
function Client:exchange()
   if self.closed_here then
      return
   end
   if self.unsent ~= "" then
      local done, message, sent = self.socket:send(self.unsent, 0)
      self.unsent = done and "" or self.unsent:sub(sent + 1)
      if not done and message ~= "timeout" then
         self.unsent, self.send_failed = "", message
      end
   end
   if self.deaf then
      return
   end
   while not self.ended do
      local bytes, message = self.socket:receive(65536, 0)
      if bytes then
         self.pieces[#self.pieces + 1] = bytes
      elseif message == "timeout" then
         return
      else
         self.ended = message
      end
   end
end

-- One response off the front of what was received; for a HEAD request there is no body to wait for.
local function parse(received, bodiless)
   local head_end, body_start = received:find("\r\n\r\n", 1, true)
   if not head_end then
      return nil
   end
   local head = received:sub(1, head_end + 1)
   local status, reason = head:match "^HTTP/1%.1 (%d%d%d) ([^\r]*)\r\n"
   local headers = {}
   for name, value in head:gmatch "\n([^:\r\n]+): ([^\r\n]*)" do
      headers[name:lower()] = value
   end
   local length = bodiless and 0 or tonumber(headers["content-length"] or 0)
   if #received < body_start + length then
      return nil
   end
   local body = received:sub(body_start + 1, body_start + length)
   local response = { status = tonumber(status), reason = reason, headers = headers, body = body }
   return response, received:sub(body_start + length + 1)
end

--- The next response, waited for.
---@param bodiless? boolean
---@return table { status, reason, headers, body }
function Client:response(bodiless)
   return self.served:drive(function()
      local response, rest = parse(self.received, bodiless)
      if response then
         self.received = rest
      elseif self.ended then
         error(("the connection ended (%s) with %q instead of a response"):format(self.ended, self.received), 0)
      end
      return response
   end, "a response")
end

--- Wait until the server has closed the connection.
---@return string how "closed" | "reset"
function Client:ending()
   return self.served:drive(function()
      return self.ended
   end, "the end of the connection")
end

function Client:close()
   self.served.clients[self] = nil
   self.closed_here = true
   self.socket:close()
end

--- Close with a reset.
function Client:reset()
   self.served.clients[self] = nil
   self.closed_here = true
   self.socket:reset()
end

return served
