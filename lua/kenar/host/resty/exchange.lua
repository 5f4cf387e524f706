--- One request and its response on a cosocket.
--
-- No request is sent twice: nginx's sockets do not repeat one, and a kept connection that is dead is a failure as well.

local core = require "kenar.core"
local errors = require "kenar.error"

local clock, now = core.clock, core.now
local tcp = ngx.socket.tcp

local exchange = {}

---@class kenar.Exchange
---@field method string
---@field origin table of kenar.host.resty.target
---@field timeout number seconds for the whole exchange
---@field connect_timeout number seconds
---@field idle integer milliseconds for which the connection is kept afterwards
---@field fresh boolean use a new connection
---@field answer userdata the reader of the response (core.http_response)
---@field body string|table|false of kenar.host.request_body

-- How much is read at once, in bytes.
local READ_AT_MOST = 64 * 1024
-- Long enough to read bytes that have arrived already, in seconds.
local SHORTEST = 0.001
-- A timeout that changed by less than this is not set again, in seconds.
local GRAIN = 0.01
-- A worker that was busy for longer may not know yet which kept connections were closed meanwhile, in seconds.
local BUSY = 0.005
-- A socket with an empty buffer takes so many bytes as one TLS record: all of them, or none. Of more bytes nginx does
-- not report how many were taken.
local WHOLE = 8 * 1024

-- Methods whose requests have Content-Length: 0 if they carry nothing.
local HAS_BODY = { POST = true, PUT = true, PATCH = true }

local CERTIFICATE_HINT = "; nginx checks certificates with `lua_ssl_trusted_certificate "
   .. "/etc/ssl/certs/ca-certificates.crt;` and `lua_ssl_verify_depth 5;`"
local RESOLVER_HINT = "; nginx finds hosts with `resolver` and a DNS server's address"

-- Headers are parsed at the first access, because most callers never read them.
local Result = {}

function Result:__index(name)
   if name == "headers" then
      local headers = core.http_headers(self.fields)
      self.headers = headers
      return headers
   end
   return nil
end

local function milliseconds(seconds)
   return math.max(1, math.min(math.ceil(seconds * 1000), 2 ^ 31 - 1))
end

local function failure(self, kind, message)
   local status = self.answer and self.answer:status()
   return nil, errors.new {
      kind = kind, message = message, sent = errors.sent(self.is_sending, status), stale = self.is_stale or nil,
      method = self.method,
   }
end

local function late(self)
   return failure(self, "timeout", ("no answer within %g s"):format(self.timeout))
end

-- Gives the next step the time that is left; false if none is left.
local function allow(self)
   local left = self.ends_at - clock()
   if left <= 0 then
      return false
   elseif self.allowed - left > GRAIN then
      self.allowed = left
      self.socket:settimeout(milliseconds(left))
   end
   return true
end

local function connect(self)
   local origin, socket, whole = self.origin, self.socket, milliseconds(self.timeout)
   local patience = math.min(whole, milliseconds(self.connect_timeout))
   socket:settimeouts(patience, whole, whole)
   local ok, message = socket:connect(origin.address, origin.port, self.fresh and origin.empty_pool or origin.pool)
   if ok then
      return true
   elseif message == "timeout" then
      return failure(self, "timeout", ("no connection to %s within %g s"):format(origin.name, self.connect_timeout))
   end
   local hint = message:find("no resolver", 1, true) and RESOLVER_HINT or ""
   return failure(self, "network", ("no connection to %s: %s%s"):format(origin.name, message, hint))
end

-- OpenSSL's number precedes a message about a certificate; other messages are about a broken connection.
local function is_about_certificate(message)
   return message:find "^%d+:" or message:find("certificate", 1, true)
end

local function encrypt(self)
   local origin, socket = self.origin, self.socket
   if not origin.is_encrypted or socket:getreusedtimes() > 0 then
      return true
   end
   self.allowed = math.min(self.connect_timeout, self.ends_at - clock())
   socket:settimeout(milliseconds(self.allowed))
   local ok, message = socket:sslhandshake(false, origin.name, true)
   if ok then
      self.allowed = math.huge
      return true
   elseif message == "timeout" then
      return failure(self, "timeout", ("no TLS with %s in time"):format(origin.name))
   elseif is_about_certificate(message) then
      return failure(self, "tls", ("the certificate of %s is refused: %s%s"):format(origin.name, message,
         CERTIFICATE_HINT))
   end
   return failure(self, "network", ("no TLS with %s: %s"):format(origin.name, message))
end

local function head_of(self, path, lines, size)
   local host = lines.has_host and "" or self.origin.host_line
   if size then
      return { self.method, " ", path, " HTTP/1.1\r\n", host, lines.bytes, "Content-Length: ", size, "\r\n\r\n" }
   end
   return { self.method, " ", path, " HTTP/1.1\r\n", host, lines.bytes, "\r\n" }
end

-- Returns nil, "timeout" when the time is over. After another message the server may have responded already.
local function send_pieces(self, body, on_progress)
   local sent = 0
   local bytes, message = body:read()
   while bytes do
      if not allow(self) then
         return nil, "timeout"
      end
      local ok, why = self.socket:send(bytes)
      if not ok then
         return nil, why
      end
      sent = sent + #bytes
      if on_progress then
         on_progress(sent, body.size)
      end
      bytes, message = body:read()
   end
   if message then
      self.fault = message
      return nil, message
   end
   return true
end

local function length_of(pieces)
   local length = 0
   for _, piece in ipairs(pieces) do
      length = length + #tostring(piece)
   end
   return length
end

-- Whether a kept connection had died before it took a byte of the request.
local function had_died(self, pieces, message)
   return message ~= "timeout" and self.socket:getreusedtimes() > 0 and length_of(pieces) <= WHOLE
end

local function send(self, path, lines, on_progress)
   local body = self.body
   local is_short = type(body) == "string"
   local size = is_short and #body or body and body.size or HAS_BODY[self.method] and 0
   local head = head_of(self, path, lines, size)
   if is_short then
      head[#head + 1] = body
   end
   self.is_sending = true
   local ok, message = self.socket:send(head)
   if not ok and had_died(self, head, message) then
      self.is_sending, self.is_stale = false, true
   end
   if not ok or not body then
      return ok, message
   elseif not is_short then
      return send_pieces(self, body, on_progress)
   elseif on_progress then
      on_progress(#body, #body)
   end
   return true
end

local function receive(self)
   local answer, socket = self.answer, self.socket
   local progress, kind, message = "more", nil, nil
   while progress == "more" do
      if not allow(self) then
         return late(self)
      end
      local bytes, why = socket:receiveany(READ_AT_MOST)
      if bytes then
         progress, kind, message = answer:feed(bytes)
      elseif why == "closed" then
         progress, kind, message = answer:close()
      elseif why == "timeout" then
         return late(self)
      else
         return failure(self, "network", "the connection broke: " .. tostring(why))
      end
   end
   if not progress then
      return failure(self, kind, message)
   end
   local res = { status = 0, body = "", fields = "" }
   res.status, res.body, res.fields, self.keeps_connection = answer:result()
   setmetatable(res, Result)
   return res
end

-- A server that refuses a body may have sent a response before it closed the connection.
local function receive_early(self, why)
   if self.is_stale then
      return failure(self, "network", "the connection had died while it was idle: " .. tostring(why))
   elseif self.fault then
      return failure(self, "invalid", self.fault)
   elseif why == "timeout" then
      self.ends_at, self.allowed = clock() + SHORTEST, math.huge
   end
   local res, err = receive(self)
   if res or self.answer:status() then
      return res, err
   elseif why == "timeout" then
      return late(self)
   end
   return failure(self, "network", "the connection broke: " .. tostring(why))
end

-- Lets a busy worker handle its events, so that nginx drops kept connections that were closed.
local function process_events()
   if now() - ngx.now() > BUSY then
      ngx.sleep(SHORTEST)
   end
end

local function converse(self, path, lines, on_progress)
   process_events()
   local ok, err = connect(self)
   if not ok then
      return nil, err
   end
   ok, err = encrypt(self)
   local res
   if ok then
      local is_sent, why = send(self, path, lines, on_progress)
      if is_sent then
         res, err = receive(self)
      else
         res, err = receive_early(self, why)
      end
      if res and is_sent and self.keeps_connection and not self.fresh then
         self.socket:setkeepalive(self.idle)
         return res
      end
   end
   self.socket:close()
   return res, err
end

--- Send a request and read its response.
---@param self kenar.Exchange
---@param path string with the query
---@param lines { bytes: string, has_host: boolean } header lines
---@param on_progress? fun(sent: integer, total: integer) must not raise
---@return table|nil res, kenar.Error|nil err
function exchange.run(self, path, lines, on_progress)
   self.ends_at, self.allowed = clock() + self.timeout, self.timeout
   self.socket = tcp()
   return converse(self, path, lines, on_progress)
end

return exchange
