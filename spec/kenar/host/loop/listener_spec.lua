local listeners = require "kenar.host.loop.listener"
local loop = require "kenar.host.loop"
local wire = require "spec_wire"

local PATIENCE = 5

local function get(path)
   return ("GET %s HTTP/1.1\r\nHost: bot\r\n\r\n"):format(path)
end

describe("kenar.host.loop.listener", function()
   local host, listener, errors, sockets, fds

   before_each(function()
      fds = wire.count_fds()
      errors, sockets = {}, {}
      host = loop.new {
         on_error = function(err, traceback)
            errors[#errors + 1] = { err = err, traceback = traceback }
         end,
      }
   end)

   after_each(function()
      for _, socket in ipairs(sockets) do
         socket:close()
      end
      if listener then
         listener:close(0)
         listener = nil
      end
      host:stop(0)
      assert.equal(0, host:count())
      host = nil
      collectgarbage()
      collectgarbage()
      assert.equal(fds, wire.count_fds())
   end)

   local function open(handle, options)
      listener = assert(listeners.open(host, options or {}, handle))
   end

   local function client(bytes)
      local socket = assert(wire.connect(listener:port()))
      sockets[#sockets + 1] = socket
      assert(socket:send(bytes))
      return socket
   end

   -- Turn the loop until the condition holds.
   local function drive(condition, what)
      local deadline = wire.clock() + PATIENCE
      while not condition() do
         local left = deadline - wire.clock()
         assert(left > 0, "waited too long for " .. what)
         host:step(math.min(left, 0.1))
      end
   end

   -- What has come for a client, with the loop turning until it has all come.
   local function answer(socket)
      local received = ""
      drive(function()
         local bytes = socket:receive(65536, 0)
         received = received .. (bytes or "")
         local length = tonumber(received:match "\r\n[Cc]ontent%-[Ll]ength: (%d+)")
         local body = received:match "\r\n\r\n(.*)$"
         return body and length and #body >= length
      end, "an answer")
      local status, body = received:match "^HTTP/1.1 (%d+) .-\r\n\r\n(.*)$"
      return tonumber(status), body, received
   end

   it("serves a handler's answers", function()
      open(function(request)
         return { status = 201, headers = { ["x-method"] = request.method }, body = "for " .. request.path }
      end)
      local status, body, received = answer(client(get "/a"))
      assert.equal(201, status)
      assert.equal("for /a", body)
      assert.truthy(received:find("x-method: GET", 1, true))
   end)

   it("sends 200 for a missing status, and no body for a missing body", function()
      open(function()
         return {}
      end)
      local status, body = answer(client(get "/"))
      assert.equal(200, status)
      assert.equal("", body)
   end)

   it("ends a connection without a response, or in its middle, if a handler asks for that", function()
      local asked = {
         ["/close"] = { abort = "close" }, ["/reset"] = { abort = "reset" },
         ["/half"] = { body = "0123456789", cut = 5 },
      }
      open(function(request)
         return asked[request.path]
      end)
      local function ending(path)
         local socket, received, ended = client(get(path)), "", nil
         drive(function()
            local bytes, message = socket:receive(65536, 0)
            received = received .. (bytes or "")
            ended = not bytes and message ~= "timeout" and message
            return ended
         end, "the end of the connection")
         return ended, received:match "\r\n\r\n(.*)$" or received
      end
      assert.same({ "closed", "" }, { ending "/close" })
      assert.same({ "reset", "" }, { ending "/reset" })
      assert.same({ "closed", "01234" }, { ending "/half" })
      assert.same({}, errors)
   end)

   it("lets a handler wait for a slow server without delaying another", function()
      -- The server answers only when other webhooks have been answered: were the first in their way, nothing would end.
      local slow_server = assert(wire.listen())
      sockets[#sockets + 1] = slow_server
      local order = {}
      open(function(request)
         if request.path == "/slow" then
            local response = assert(host.request {
               method = "GET", url = ("http://127.0.0.1:%d/"):format(slow_server:port()), headers = {}, timeout = 2,
            })
            order[#order + 1] = "slow"
            return { body = response.body }
         end
         order[#order + 1] = "quick"
         return { body = "quick" }
      end)
      local slow = client(get "/slow")
      local upstream
      drive(function()
         upstream = slow_server:accept(0)
         return upstream
      end, "the handler's request")
      sockets[#sockets + 1] = upstream
      for _ = 1, 3 do
         local _, body = answer(client(get "/quick"))
         assert.equal("quick", body)
      end
      assert.is_nil((slow:receive(1, 0)))
      assert(upstream:send "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow body")
      local _, body = answer(slow)
      assert.equal("slow body", body)
      assert.same({ "quick", "quick", "quick", "slow" }, order)
   end)

   it("runs many waiting handlers side by side", function()
      local gate = host.semaphore(0)
      local waiting = 0
      open(function(request)
         waiting = waiting + 1
         assert(gate:wait(PATIENCE))
         return { body = request.path }
      end)
      local clients = {}
      for i = 1, 100 do
         clients[i] = client(get("/" .. i))
      end
      drive(function()
         return waiting == 100
      end, "100 handlers")
      gate:post(100)
      for i = 1, 100 do
         local _, body = answer(clients[i])
         assert.equal("/" .. i, body)
      end
   end)

   it("answers 500 without any detail when a handler raises, and reports where", function()
      open(function(request)
         if request.path == "/late" then
            host.sleep(0.001)
         end
         error { secret = "the password" }
      end)
      for i, path in ipairs { "/", "/late" } do
         local status, body, received = answer(client(get(path)))
         assert.equal(500, status)
         assert.equal("{}", body)
         assert.truthy(received:find("content-type: application/json", 1, true))
         assert.is_nil(received:find("password", 1, true))
         assert.equal("the password", errors[i].err.secret)
         assert.truthy(errors[i].traceback:find("listener_spec.lua", 1, true))
      end
      assert.equal(2, #errors)
   end)

   it("answers 500 if the handler's response cannot be sent, and reports why", function()
      local bad = {
         ["/nothing"] = { nil, "the answer to GET /nothing: an answer is a table, got nil" },
         ["/text"] = { "ok", "the answer to GET /text: an answer is a table, got string" },
         ["/status"] = { { status = 99 }, "status must be from 200 to 599" },
         ["/header"] = { { headers = { ["x-a"] = "1\r\nx-b: 2" } }, "header 'x-a' holds a line break or a zero byte" },
         ["/body"] = { { body = {} }, "string expected, got table" },
      }
      open(function(request)
         return bad[request.path][1]
      end)
      for path, case in pairs(bad) do
         errors = {}
         local status, body = answer(client(get(path)))
         assert.equal(500, status)
         assert.equal("{}", body)
         assert.equal(1, #errors)
         assert.truthy(errors[1].traceback:find(case[2], 1, true), errors[1].traceback)
      end
   end)

   it("goes on when the reporter of errors raises", function()
      local written = {}
      local stderr = io.stderr
      io.stderr = { write = function(_, ...) written[#written + 1] = table.concat { ... } end } -- luacheck: ignore 122
      finally(function()
         io.stderr = stderr -- luacheck: ignore 122
      end)
      open(function()
         error "first"
      end, {
         on_error = function()
            error("second", 0)
         end,
      })
      assert.equal(500, (answer(client(get "/"))))
      assert.equal(500, (answer(client(get "/"))))
      assert.equal("on_error failed: second\n", written[1])
   end)

   it("says when the port is taken", function()
      open(function() end)
      local second, message = listeners.open(host, { port = listener:port() }, function() end)
      assert.is_nil(second)
      assert.equal(("cannot listen on 127.0.0.1 port %d: Address already in use"):format(listener:port()), message)
   end)

   describe("close", function()
      it("waits for the requests under way, and refuses new connections meanwhile", function()
         local gate, refused = host.semaphore(0), nil
         local port
         open(function()
            gate:wait(PATIENCE)
            return { body = "finished" }
         end)
         port = listener:port()
         local socket = client(get "/")
         drive(function()
            return host:count() == 1
         end, "the handler")
         host.spawn(function()
            local connected, message = wire.connect(port)
            refused = not connected and message
            gate:post()
         end)
         listener:close(PATIENCE)
         assert.equal("Connection refused", refused)
         local status, body, received = answer(socket)
         assert.equal(200, status)
         assert.equal("finished", body)
         assert.truthy(received:find("Connection: close", 1, true))
      end)

      it("answers 503 to requests without a response at the deadline", function()
         local gate, ended = host.semaphore(0), false
         open(function()
            gate:wait(PATIENCE)
            ended = true
            return { body = "too late" }
         end)
         local socket = client(get "/")
         drive(function()
            return host:count() == 1
         end, "the handler")
         listener:close(0.02)
         local status, body = answer(socket)
         assert.equal(503, status)
         assert.equal("", body)
         gate:post()
         drive(function()
            return ended
         end, "the handler to end")
         assert.same({}, errors)
      end)

      it("may be called by a handler, whose own answer is then dropped", function()
         open(function()
            listener:close(0)
            return { body = "dropped" }
         end)
         local status = answer(client(get "/"))
         assert.equal(503, status)
      end)

      it("is immediate when nothing is under way, and may come twice", function()
         open(function()
            return {}
         end)
         answer(client(get "/"))
         local started = host.clock()
         listener:close(60)
         listener:close(60)
         assert.is_true(host.clock() - started < 30)
      end)
   end)
end)
