--- An HTTP server that misbehaves on request, in a child process, and remembers what it saw.
--
-- The path chooses the behaviour: one of spec.support.fault_behaviours, or a function that the spec gives.

local behaviours = require "spec.support.fault_behaviours"
local wire = require "spec_wire"

local fault_server = {}

local Connection = {}
Connection.__index = Connection

--- Wait for more bytes of the client. Other connections are served meanwhile.
---@return boolean more false when the client closed or reset
function Connection:fill()
   coroutine.yield()
   local bytes, err = self.socket:receive(65536, 0)
   if bytes then
      self.buffer = self.buffer .. bytes
   end
   return bytes ~= nil or err == "timeout"
end

--- Let `seconds` pass. Other connections are served meanwhile.
function Connection:pause(seconds)
   self.wake_at = wire.clock() + seconds
   repeat
      coroutine.yield()
   until wire.clock() >= self.wake_at
   self.wake_at = nil
end

--- Wait until the client is gone.
function Connection:wait_for_close()
   while self:fill() do -- luacheck: ignore 542
   end
end

function Connection:send(bytes)
   return self.socket:send(bytes, 5)
end

--- Send a whole answer.
---@param status integer
---@param headers? table<string, string>
---@param body? string
function Connection:answer(status, headers, body)
   body = body or ""
   local lines = { ("HTTP/1.1 %d Whatever"):format(status) }
   for name, value in pairs(headers or {}) do
      lines[#lines + 1] = name .. ": " .. value
   end
   lines[#lines + 1] = "Content-Length: " .. #body
   return self:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. body)
end

--- Read the head of the next request; its body too, unless told not to.
---@return table|nil request
function Connection:read_request(without_body)
   local head_end
   repeat
      head_end = self.buffer:find("\r\n\r\n", 1, true)
      if not head_end and not self:fill() then
         return nil
      end
   until head_end
   local head = self.buffer:sub(1, head_end + 1)
   self.buffer = self.buffer:sub(head_end + 4)
   local method, target = head:match "^(%S+) (%S+) HTTP/1%.1\r\n"
   local request = { method = method, target = target, path = target:match "^[^?]*", headers = {}, body = "" }
   for name, value in head:gmatch "\r\n([^:\r\n]+):[ \t]*([^\r\n]*)" do
      request.headers[name:lower()] = value
   end
   if not without_body then
      self:read_body(request)
   end
   return request
end

--- Read the body that Content-Length announces; what there is of it when the client goes away before.
function Connection:read_body(request)
   local length = tonumber(request.headers["content-length"] or 0)
   while #self.buffer < length and self:fill() do -- luacheck: ignore 542
   end
   request.body = self.buffer:sub(1, length)
   self.buffer = self.buffer:sub(length + 1)
end

-- A value as Lua source: how what was seen travels to the spec.
local function source(value)
   if type(value) ~= "table" then
      return type(value) == "string" and ("%q"):format(value) or tostring(value)
   end
   local fields = {}
   for key, inner in pairs(value) do
      fields[#fields + 1] = ("[%s]=%s"):format(source(key), source(inner))
   end
   return "{" .. table.concat(fields, ",") .. "}"
end

local function converse(connection, given, seen)
   while true do
      local request = connection:read_request(given.without_body)
      if not request then
         return
      end
      request.connection = connection.number
      seen.requests[#seen.requests + 1] = request
      local behave = given[request.path] or behaviours[request.path]
      local ending
      if behave then
         ending = behave(connection, request)
      else
         connection:answer(404, nil, "")
      end
      if ending then
         return ending
      end
   end
end

local function resume(connections, connection, given, seen)
   local ok, ending = coroutine.resume(connection.thread, connection, given, seen)
   if coroutine.status(connection.thread) ~= "dead" then
      return
   end
   if not ok then
      io.stderr:write("fault server: ", debug.traceback(connection.thread, tostring(ending)), "\n")
   end
   connections[connection.socket:fd()] = nil
   seen.open, seen.ended[connection.number] = seen.open - 1, true
   if ending == "reset" then
      connection.socket:reset()
   else
      connection.socket:close()
   end
end

local function report(control, seen)
   local asker = control:accept(1)
   if asker then
      asker:send("return " .. source(seen), 5)
      asker:close()
   end
end

local function serve(listener, control, given)
   local connections = {}
   local seen = { accepted = 0, open = 0, ended = {}, requests = {} }
   while true do
      local fds, now, timeout = { listener:fd(), control:fd() }, wire.clock(), 60
      for fd, connection in pairs(connections) do
         if connection.wake_at then
            timeout = math.min(timeout, math.max(0, connection.wake_at - now))
         else
            fds[#fds + 1] = fd
         end
      end
      local ready = wire.poll(fds, timeout)
      local due = {}
      for fd, connection in pairs(connections) do
         if ready[fd] or (connection.wake_at and connection.wake_at <= wire.clock()) then
            due[#due + 1] = connection
         end
      end
      if ready[listener:fd()] then
         local socket = listener:accept(0)
         if socket then
            seen.accepted, seen.open = seen.accepted + 1, seen.open + 1
            local connection = { socket = socket, buffer = "", number = seen.accepted }
            connection.thread = coroutine.create(converse)
            connections[socket:fd()] = setmetatable(connection, Connection)
            due[#due + 1] = connection
         end
      end
      for _, connection in ipairs(due) do
         resume(connections, connection, given, seen)
      end
      if ready[control:fd()] then
         report(control, seen)
      end
   end
end

local Server = {}
Server.__index = Server

--- What the server saw up to now.
---@return { accepted: integer, open: integer, ended: table<integer, true>, requests: table[] } `ended` are numbers of
---   connections
function Server:report()
   local asker = assert(wire.connect(self.control_port))
   local text = {}
   repeat
      local bytes = asker:receive(65536, 5)
      text[#text + 1] = bytes
   until not bytes
   asker:close()
   return assert((loadstring or load)(table.concat(text)))() -- luacheck: ignore 143 113
end

--- The requests it read so far, oldest first; of one path when it is given.
function Server:requests(path)
   local found = {}
   for _, request in ipairs(self:report().requests) do
      if not path or request.path == path then
         found[#found + 1] = request
      end
   end
   return found
end

--- Wait until `wanted(report)` is true; raises after five seconds.
function Server:wait_until(wanted)
   local deadline = wire.clock() + 5
   repeat
      local now = self:report()
      if wanted(now) then
         return now
      end
      wire.poll({}, 0.002)
   until wire.clock() > deadline
   error("the server never saw what was waited for", 2)
end

function Server:stop()
   self.process:close()
end

--- The server that another process has started: what it saw can be asked for here, too.
function fault_server.at(port, control_port)
   return setmetatable({ port = port, control_port = control_port, url = "http://127.0.0.1:" .. port }, Server)
end

--- Start a server on a free port of 127.0.0.1. `given` adds behaviours by path; `given.without_body = true` leaves
--- request bodies unread, for a behaviour to read or not.
---@param given? table<string, function>
---@return table server with `port` and `url`
function fault_server.start(given)
   local listener, control = assert(wire.listen()), assert(wire.listen())
   local process = assert(wire.fork(function()
      serve(listener, control, given or {})
   end, listener:fd(), control:fd()))
   local server = fault_server.at(listener:port(), control:port())
   server.process = process
   listener:close()
   control:close()
   return server
end

return fault_server
