--- An HTTP server on a loop. Each request has a task, so a handler that waits delays no other request.

local contract = require "kenar.host.contract"
local core = require "kenar.core"
local httpd = require "kenar.httpd"
local queue = require "kenar.base.queue"
local streams = require "kenar.host.loop.stream"

local clock = core.clock
local pcall, type, xpcall = pcall, type, xpcall

local listener = {}

local EARLY_AFTER, INTERNAL_ERROR = contract.EARLY_AFTER, contract.INTERNAL_ERROR
-- How often one turn of the loop may read requests, handle them and write the responses.
local ROUNDS = 4

---@class kenar.Listener
local Listener = {}
Listener.__index = Listener
Listener.__name = "kenar.listener"

-- The message handler of xpcall: it runs before the stack of the error is unwound.
local function with_traceback(err)
   return { err = err, traceback = debug.traceback(tostring(err), 2) }
end

-- An error of the reporter must not keep the client from its response.
local function report(self, err, traceback)
   local ok, why = pcall(self.on_error, err, traceback)
   if not ok then
      io.stderr:write("on_error failed: ", tostring(why), "\n")
   end
end

local function respond(self, id, answer)
   if answer.abort then
      return self.server:abort(id, answer.abort)
   elseif answer.stream then
      return streams.start(self, id, answer)
   end
   local options = answer.cut and { cut = answer.cut } or nil
   return self.server:respond(id, answer.status or 200, answer.headers, answer.body, options)
end

-- Sends the handler's response, or 500 without any detail. After an early response nothing more is sent.
local function answer_request(self, id, request)
   local ok, answer = xpcall(self.handle, with_traceback, request)
   local is_answered = request.is_answered
   request.is_answered = true
   if not ok then
      -- A memory error does not pass through the message handler: it is a string.
      local failure = type(answer) == "table" and answer or { err = answer, traceback = tostring(answer) }
      report(self, failure.err, failure.traceback)
      return is_answered or respond(self, id, INTERNAL_ERROR)
   elseif is_answered then
      return
   end
   local message
   if type(answer) == "table" then
      ok, message = pcall(respond, self, id, answer)
      if ok then
         return
      end
   else
      message = "an answer is a table, got " .. type(answer)
   end
   report(self, message, ("the answer to %s %s: %s"):format(request.method, request.path, message))
   respond(self, id, INTERNAL_ERROR)
end

-- Wakes `close` when no handler runs and no response is being sent.
local function notify_closer(self)
   local _, _, sending = self.server:count()
   if self.running == 0 and sending == 0 then
      self.quiet:post()
   end
end

-- The task of one request.
local function serve(self, id, request)
   answer_request(self, id, request)
   self.running = self.running - 1
   if self.quiet then
      notify_closer(self)
   end
end

local function watch_slow(self, id, request)
   self.slow:push { id = id, request = request, at = clock() + EARLY_AFTER }
end

-- Sends the early responses that are due. Returns the seconds until the next one is due, and whether any was sent.
local function answer_early(self)
   local slow, now, has_answered = self.slow, clock(), false
   local entry = slow:peek()
   while entry do
      local request = entry.request
      if not request.is_answered then
         if entry.at > now then
            return entry.at - now, has_answered
         elseif request.early then
            request.is_answered, has_answered = true, true
            respond(self, entry.id, request.early)
         end
      end
      slow:pop()
      entry = slow:peek()
   end
   return nil, has_answered
end

local function sooner(a, b)
   return a and b and math.min(a, b) or a or b
end

--- For the loop: the descriptor to poll.
---@return integer
function Listener:fd()
   return self.server:fd()
end

--- For the loop, in every turn: handle the requests that have arrived.
---@return number? seconds until the next call, if no request arrives before
function Listener:ready()
   local server, start = self.server, self.host.start
   local wait = server:run()
   for _ = 1, ROUNDS do
      local id, request = server:next()
      if not id then
         break
      end
      repeat
         self.running = self.running + 1
         start(serve, self, id, request)
         if not request.is_answered then
            watch_slow(self, id, request)
         end
         id, request = server:next()
      until not id
      self.host:settle()
      wait = server:run()
   end
   streams.notice_ends(self)
   if not self.slow:is_empty() then
      local due, has_answered = answer_early(self)
      wait = sooner(has_answered and server:run() or wait, due)
   end
   if self.quiet then
      notify_closer(self)
   end
   return wait
end

---@return integer
function Listener:port()
   return self.server:port()
end

--- Stop accepting connections, let the requests under way end, then close. A request without a response at the deadline
--- gets 503; its handler goes on, and the handler's response is dropped. May be called again.
---@param deadline? number seconds (default 0)
function Listener:close(deadline)
   if self.is_closed then
      return
   end
   self.is_closed = true
   self.server:stop_listening()
   self.quiet = self.host.semaphore(0)
   notify_closer(self)
   self.quiet:wait(deadline or 0)
   self.quiet = nil
   self.host:unwatch(self)
   self.server:close()
   streams.end_all(self)
end

--- Listen and serve. `handle(request)` runs as a task of the loop and returns `{ status =, headers =, body = }`. When
--- it raises or returns something else, the client gets 500 without any detail, and the error is reported.
--- For tests of clients it may also return `{ abort = "close" | "reset" }`, which ends the connection without an
--- answer, or add `cut = bytes`, after which the connection is closed though the body has more.
--- With `stream = function(stream) end` in place of a body the response is streamed: see kenar.host.loop.stream.
---@param host table the loop (kenar.host.loop)
---@param options table those of `kenar.httpd`'s server: `address` (numeric; "127.0.0.1"), `port` (0, a free one),
---   `max_body` (bytes, 1 MiB; more is answered 413), `max_connections` (1024), `header_timeout`, `body_timeout` and
---   `idle_timeout` (10, 30 and 60 seconds); and `on_error(err, traceback)` (default: the host's)
---@param handle fun(request: table): table the request is `{ method, path, query?, headers, body, remote_addr,
---   repeated? }`: the path as sent, names of headers in lower case; `repeated` counts each header that came more than
---   once. A handler may set `request.early` to a response that is sent if the handler takes longer than 0.4 s; its own
---   response is then dropped
---@return kenar.Listener? listener
---@return string? message why it cannot listen: names address and port
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
      host = host, server = server, handle = handle, running = 0, slow = queue.new(), streams = {},
   }, Listener)
   self.on_error = options.on_error or function(...)
      host.on_error(...)
   end
   host:watch(self)
   return self
end

return listener
