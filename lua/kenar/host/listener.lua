--- An HTTP server on a loop: each request is handled by a task of the loop, so that a handler that waits holds up nobody.

local httpd = require "kenar.httpd"

local pcall, xpcall, type = pcall, xpcall, type

local listener = {}

-- In one turn of the loop at most this many times: read what has arrived, handle it, write the answers.
local ROUNDS = 4

---@class kenar.Listener
local Listener = {}
Listener.__index = Listener
Listener.__name = "kenar.listener"

local function report(self, err, traceback)
   local on_error = self.on_error or self.host.on_error
   if on_error then
      pcall(on_error, err, traceback)
   else
      io.stderr:write(traceback, "\n")
   end
end

-- Called where the error was raised, while the stack can still be seen.
local function with_traceback(err)
   return { err = err, traceback = debug.traceback(tostring(err), 2) }
end

local function respond(self, id, answer)
   local status = answer.status
   return self.server:respond(id, status or 200, answer.headers, answer.body)
end

local INTERNAL_ERROR = { status = 500, headers = { ["content-type"] = "application/json" }, body = "{}" }

-- The life of one request.
local function serve(self, id, request)
   local ok, answer = xpcall(self.handle, with_traceback, request)
   if not ok then
      report(self, answer.err, answer.traceback)
      respond(self, id, INTERNAL_ERROR)
   elseif type(answer) ~= "table" then
      report(self, nil, "the handler of " .. request.path .. " returned no answer but " .. type(answer))
      respond(self, id, INTERNAL_ERROR)
   else
      local taken, message = pcall(respond, self, id, answer)
      if not taken then
         report(self, message, "the handler of " .. request.path .. " returned a bad answer: " .. tostring(message))
         respond(self, id, INTERNAL_ERROR)
      end
   end
   self.running = self.running - 1
end

function Listener:fd()
   return self.server:fd()
end

local function is_quiet(self)
   local _, _, sending = self.server:count()
   return self.running == 0 and sending == 0
end

--- One turn, called by the loop: handle what has arrived.
---@return number? seconds until this wants to be called again
function Listener:ready()
   local server, start = self.server, self.start
   local wait = server:run()
   for _ = 1, ROUNDS do
      local id, request = server:next()
      if not id then
         break
      end
      while id do
         self.running = self.running + 1
         start(serve, self, id, request)
         id, request = server:next()
      end
      wait = server:run()
   end
   if self.quiet and is_quiet(self) then
      self.quiet:post()
   end
   return wait
end

--- The port that it listens on.
---@return integer
function Listener:port()
   return self.server:port()
end

--- Stop accepting connections, let the requests under way end, then close. What has no answer when the deadline passes is
--- answered 503; a handler that still runs then goes on, and its answer is dropped.
---@param deadline? number seconds (default 0)
function Listener:close(deadline)
   if self.is_closed then
      return
   end
   self.is_closed = true
   self.server:stop_listening()
   self.server:run()
   if not is_quiet(self) and (deadline or 0) > 0 then
      self.quiet = self.host.semaphore(0)
      self.quiet:wait(deadline)
      self.quiet = nil
   end
   self.host:unwatch(self)
   self.server:close()
end

--- Listen and serve. `handle(request)` runs as a task of the loop and returns `{ status =, headers =, body = }`; when it
--- raises, the client gets 500 without any detail and the error is reported.
---@param host table the loop (kenar.host.loop)
---@param options table those of `kenar.httpd`'s server: `address` ("127.0.0.1"), `port` (0: a free one), `max_body`
---   (bytes, 1 MiB; more is 413), `max_connections` (1024), `header_timeout` (10 s), `body_timeout` (30 s),
---   `idle_timeout` (60 s); and `on_error(err, traceback)` (default: the host's, else stderr)
---@param handle fun(request: kenar.Request): table request = { method, path, query?, headers, body, remote_addr, repeated? }
---@return kenar.Listener? listener
---@return string? message why not: it names address and port
function listener.open(host, options, handle)
   local server_options = {}
   for name, value in pairs(options) do
      server_options[name] = value
   end
   server_options.on_error = nil
   local server, message = httpd.server(server_options)
   if not server then
      return nil, message
   end
   local self = setmetatable({
      host = host, server = server, handle = handle, on_error = options.on_error, start = host.start or host.spawn,
      running = 0, is_closed = false,
   }, Listener)
   host:watch(self)
   return self
end

return listener
