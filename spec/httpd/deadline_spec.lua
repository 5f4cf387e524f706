local served = require "spec.support.served"
local wire = require "spec_wire"

local GET = "GET / HTTP/1.1\r\nHost: bot\r\n\r\n"

describe("kenar.httpd deadlines", function()
   local site, fds

   before_each(function()
      fds = wire.count_fds()
   end)

   after_each(function()
      site:close()
      assert.equal(fds, wire.count_fds())
   end)

   local function open(options)
      site = served.open(options)
      site.handle = function()
         return { body = "ok" }
      end
   end

   -- Send a byte whenever a tenth of the deadline has passed, and never stop by ourselves.
   local function trickle(client, bytes, interval)
      local at, due = 0, 0
      site:drive(function()
         local now = wire.clock()
         if now >= due and at < #bytes and not client.ended then
            at, due = at + 1, now + interval
            client:send(bytes:sub(at, at))
         end
         client:exchange()
         return client.ended
      end, "the connection to be ended", interval)
      return at
   end

   it("end a header that comes byte by byte", function()
      open { header_timeout = 0.2, idle_timeout = 60, body_timeout = 60 }
      local client = site:client()
      local sent = trickle(client, "GET / HTTP/1.1\r\nX-Long: " .. ("x"):rep(1000), 0.02)
      assert.is_true(sent < 50)
      assert.equal(408, client:response().status)
   end)

   it("end a request line that comes byte by byte", function()
      open { header_timeout = 0.2, idle_timeout = 60, body_timeout = 60 }
      local client = site:client()
      trickle(client, "GET /" .. ("x"):rep(1000), 0.02)
      assert.equal(408, client:response().status)
   end)

   it("end a body that comes byte by byte, in both framings", function()
      open { header_timeout = 60, idle_timeout = 60, body_timeout = 0.2 }
      for _, request in ipairs {
         "POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 1000\r\n\r\n",
         "POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n",
      } do
         local client = site:client(request)
         local sent = trickle(client, ("x"):rep(1000), 0.02)
         assert.is_true(sent < 50)
         assert.equal(408, client:response().status)
      end
   end)

   it("end chunks that come byte by byte, each whole", function()
      open { header_timeout = 60, idle_timeout = 60, body_timeout = 0.2 }
      local client = site:client "POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n"
      trickle(client, ("1\r\nx\r\n"):rep(200), 0.02)
      assert.equal(408, client:response().status)
   end)

   it("end a header of a second request that comes byte by byte", function()
      open { header_timeout = 0.2, idle_timeout = 60, body_timeout = 60 }
      local client = site:client(GET)
      assert.equal(200, client:response().status)
      client:send "GET / HTTP/1.1\r\n"
      trickle(client, "X-Long: " .. ("x"):rep(1000), 0.02)
      assert.equal(408, client:response().status)
   end)

   it("end a connection on which nothing comes, without a word", function()
      open { header_timeout = 0.1, idle_timeout = 60 }
      local client = site:client()
      assert.equal("closed", client:ending())
      assert.equal("", client.received)
   end)

   it("end a connection that is idle after a request, without a word", function()
      open { header_timeout = 60, idle_timeout = 0.1 }
      local client = site:client(GET)
      assert.equal(200, client:response().status)
      assert.equal("closed", client:ending())
      assert.equal("", client.received)
   end)

   it("end a connection whose client does not read its answer", function()
      open { body_timeout = 0.2 }
      site.handle = function()
         return { body = ("x"):rep(16 * 1024 * 1024) }
      end
      local client = site:client(GET)
      client.deaf = true
      site:drive(function()
         return site.server:count() == 0
      end, "the connection to be given up")
   end)

   it("do not run while a handler works", function()
      open { header_timeout = 0.05, body_timeout = 0.05, idle_timeout = 0.05 }
      site.handle = nil
      local client = site:client(GET)
      local id = site:request()
      local slow = site:client()
      slow:ending() -- a whole deadline has passed
      assert.is_true(site.server:respond(id, 200, nil, "late"))
      assert.equal("late", client:response().body)
   end)

   it("are told to the loop: run returns the seconds until the next one", function()
      open { header_timeout = 10, body_timeout = 30, idle_timeout = 60 }
      assert.is_nil(site.server:run())
      local function next_deadline()
         local wait = site.server:run()
         while wait == 0 do
            site:answer_all()
            wait = site.server:run()
         end
         return wait
      end
      local client = site:client()
      local wait = next_deadline()
      assert.is_true(wait > 9 and wait <= 10)
      client:send "POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 1\r\n\r\n"
      wait = next_deadline()
      assert.is_true(wait > 29 and wait <= 30)
      client:send "x"
      wait = next_deadline()
      assert.is_true(wait > 59 and wait <= 60)
   end)
end)
