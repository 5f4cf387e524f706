local served = require "spec.support.served"

local LIMIT = 65536

describe("an answer that goes on", function()
   local site

   local function open(options)
      site = served.open(options)
      return site.server
   end

   after_each(function()
      site:close()
   end)

   -- A client whose request is answered with a stream, and the request's id.
   local function listener_of(server, limit, request)
      local client = site:client(request or "GET /feed HTTP/1.1\r\nHost: a\r\n\r\n")
      local id = site:request()
      assert.is_true(server:stream(id, 200, { ["content-type"] = "text/event-stream" }, limit or LIMIT))
      return client, id
   end

   local function await(client, text)
      site:drive(function()
         return client.received:find(text, 1, true)
      end, text)
   end

   local function ended(server)
      return site:drive(function()
         return server:ended()
      end, "the end of a stream")
   end

   it("begins before there is anything to send", function()
      local server = open()
      local client = listener_of(server)
      await(client, "\r\n\r\n")
      assert.truthy(client.received:find("HTTP/1.1 200 OK\r\n", 1, true))
      assert.truthy(client.received:find("Content-Type: text/event-stream\r\n", 1, true)
         or client.received:find("content-type: text/event-stream\r\n", 1, true))
   end)

   it("sends what is written when it is written", function()
      local server = open()
      local client, id = listener_of(server)
      assert.is_true(server:write(id, "data: 1\n\n"))
      await(client, "data: 1\n\n")
      assert.is_true(server:write(id, "data: 2\n\n"))
      assert.is_true(server:write(id, "data: 3\n\n"))
      await(client, "data: 3\n\n")
      assert.truthy(client.received:find("data: 2\n\ndata: 3", 1, true) or client.received:find("data: 2\n\n", 1, true))
   end)

   it("ends when it is finished, and the connection serves the next request", function()
      local server = open()
      local client, id = listener_of(server)
      server:write(id, "last")
      server:finish(id)
      await(client, "4\r\nlast\r\n0\r\n\r\n")
      assert.equal(id, ended(server))
      assert.is_nil(server:ended())
      client.received = ""
      client:send "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
      local next_id = site:request()
      assert.is_true(server:respond(next_id, 200, nil, "ok"))
      assert.equal("ok", client:response().body)
   end)

   it("notices a client that goes away, though nothing is written", function()
      local server = open()
      local client, id = listener_of(server)
      await(client, "\r\n\r\n")
      client:close()
      assert.equal(id, ended(server))
      site:drive(function()
         return server:count() == 0
      end, "the connection's end")
      local done, why = server:write(id, "late")
      assert.is_false(done)
      assert.equal("ended", why)
   end)

   it("notices a connection that breaks", function()
      local server = open()
      local client, id = listener_of(server)
      await(client, "\r\n\r\n")
      client:reset()
      assert.equal(id, ended(server))
   end)

   it("takes nothing of what would pass its limit", function()
      local server = open()
      local client, id = listener_of(server, 10)
      client.deaf = true
      assert.is_true(server:write(id, "12345678"))
      local done, why = server:write(id, "abc")
      assert.is_false(done)
      assert.equal("full", why)
      assert.is_true(server:write(id, "90"))
      client.deaf = false
      await(client, "1234567890")
   end)

   it("keeps no more than its limit for a client that does not read", function()
      local server = open()
      local client, id = listener_of(server)
      await(client, "\r\n\r\n")
      client.deaf = true
      local block, written = ("x"):rep(16384), 0
      local refusal
      repeat
         local done, why = server:write(id, block)
         written, refusal = written + #block, not done and why
         server:run()
      until refusal or written > 64 * 1048576
      assert.equal("full", refusal)
      client.deaf = false
      await(client, ("x"):rep(1000))
      site:drive(function()
         return server:write(id, "after")
      end, "room")
      await(client, "after")
   end)

   it("has no deadline", function()
      local server = open { body_timeout = 0.05 }
      local client, id = listener_of(server)
      -- Somebody else's body runs into the deadline that the stream would have.
      local slow = site:client "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12"
      assert.equal(408, slow:response().status)
      assert.is_true(server:write(id, "still here"))
      await(client, "still here")
   end)

   it("cannot be answered otherwise", function()
      local server = open()
      local client, id = listener_of(server)
      assert.is_false(server:respond(id, 200, nil, "no"))
      assert.is_false(server:abort(id, "close"))
      assert.is_false(server:stream(id, 200, nil, LIMIT))
      server:write(id, "yes")
      await(client, "yes")
   end)

   it("ends with the server", function()
      local server = open()
      local client = listener_of(server)
      await(client, "\r\n\r\n")
      server:close()
      client:exchange()
      assert.truthy(client.received:find("0\r\n\r\n", 1, true))
      assert.is_nil(server:ended())
   end)

   it("is over at once where only the header was asked for", function()
      local server = open()
      local client, id = listener_of(server, LIMIT, "HEAD /feed HTTP/1.1\r\nHost: a\r\n\r\n")
      await(client, "\r\n\r\n")
      assert.equal(id, ended(server))
   end)

   it("is not begun for a client that has gone, and its end is told", function()
      local server = open()
      local client = site:client "GET /feed HTTP/1.1\r\nHost: a\r\n\r\n"
      local id = site:request()
      site:settle()
      client:close()
      site:settle()
      server:stream(id, 200, nil, LIMIT)
      assert.equal(id, ended(server))
   end)

   it("counts neither as waiting nor as being sent", function()
      local server = open()
      local client = listener_of(server)
      await(client, "\r\n\r\n")
      assert.same({ 1, 0, 0 }, { server:count() })
   end)

   it("refuses limits and statuses that make no sense", function()
      local server = open()
      site:client "GET /feed HTTP/1.1\r\nHost: a\r\n\r\n"
      local id = site:request()
      assert.has_error(function() server:stream(id, 200, nil, 0) end)
      assert.has_error(function() server:stream(id, 100, nil, LIMIT) end)
      assert.has_error(function() server:stream(id, 200, { ["x\n"] = "y" }, LIMIT) end)
      assert.is_true(server:respond(id, 204))
   end)
end)
