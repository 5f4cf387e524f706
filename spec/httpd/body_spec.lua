local served = require "spec.support.served"
local wire = require "spec_wire"

local MIB = 1024 * 1024

local function post(framing)
   return "POST /kenar/events HTTP/1.1\r\nHost: bot\r\n" .. framing .. "\r\n\r\n"
end

-- The body in chunks of `size` bytes.
local function chunked(body, size)
   local chunks = {}
   for at = 1, #body, size do
      local chunk = body:sub(at, at + size - 1)
      chunks[#chunks + 1] = ("%x\r\n%s\r\n"):format(#chunk, chunk)
   end
   return table.concat(chunks) .. "0\r\n\r\n"
end

describe("kenar.httpd request bodies", function()
   local site, fds

   before_each(function()
      fds = wire.count_fds()
   end)

   after_each(function()
      site:close()
      assert.equal(fds, wire.count_fds())
   end)

   -- Open a site that answers with the length of the body, and count what reaches the handler.
   local function open(options)
      site = served.open(options)
      site.handled = 0
      site.handle = function(request)
         site.handled = site.handled + 1
         return { body = tostring(#request.body), headers = { ["x-body"] = request.body:sub(1, 20) } }
      end
   end

   it("arrive whole however they are cut", function()
      open()
      local client = site:client(post "Content-Length: 11")
      for byte in ("hello world"):gmatch "." do
         client:send(byte)
         site:settle()
      end
      assert.equal("hello world", client:response().headers["x-body"])
   end)

   it("arrive whole when chunked", function()
      open()
      local client = site:client(post "Transfer-Encoding: chunked" .. "5\r\nhello\r\n1;a=b\r\n \r\n")
      site:settle()
      client:send "0005\r\nworld\r\n0\r\nX-Trailer: ignored\r\n\r\n"
      assert.equal("hello world", client:response().headers["x-body"])
      client:send(post "Transfer-Encoding: Chunked" .. "1\r\nx\r\n0\r\n\r\n")
      assert.equal("x", client:response().headers["x-body"])
   end)

   it("of exactly the cap are taken, in both framings", function()
      open()
      local body = ("x"):rep(MIB)
      assert.equal(tostring(MIB), site:client(post("Content-Length: " .. MIB) .. body):response().body)
      local client = site:client(post "Transfer-Encoding: chunked" .. chunked(body, 50000))
      assert.equal(tostring(MIB), client:response().body)
   end)

   it("of one byte more are 413, in both framings", function()
      open { max_body = 1000 }
      local client = site:client(post "Content-Length: 1001" .. ("x"):rep(1001))
      assert.equal(413, client:response().status)
      assert.equal("closed", client:ending())
      client = site:client(post "Transfer-Encoding: chunked" .. chunked(("x"):rep(1001), 1001))
      assert.equal(413, client:response().status)
      assert.equal("closed", client:ending())
      assert.equal(0, site.handled)
   end)

   for framing, request in pairs {
      ["Content-Length"] = post("Content-Length: " .. 2 * MIB) .. ("x"):rep(2 * MIB),
      ["chunks"] = post "Transfer-Encoding: chunked" .. chunked(("x"):rep(2 * MIB), 8000),
      ["one chunk"] = post "Transfer-Encoding: chunked" .. chunked(("x"):rep(2 * MIB), 2 * MIB),
   } do
      it("of 2 MiB in " .. framing .. " are 413 for a client that reads only when all is sent", function()
         open()
         local client = site:client()
         client.deaf = true
         client:send(request)
         site:drive(function()
            return client.unsent == ""
         end, "the body to be sent")
         assert.is_nil(client.send_failed)
         client.deaf = nil
         assert.equal(413, client:response().status)
         assert.equal("closed", client:ending())
         assert.equal(0, site.handled)
      end)
   end

   it("are refused before they are sent to a client that asks first", function()
      open()
      local client = site:client(post("Content-Length: " .. 2 * MIB .. "\r\nExpect: 100-continue"))
      assert.equal(413, client:response().status)
   end)

   it("past the cap are not read for ever", function()
      open { max_body = 10, body_timeout = 0.3 }
      local client = site:client(post "Content-Length: 1000000" .. ("x"):rep(1000))
      assert.equal(413, client:response().status)
      -- The client neither closes nor goes on; its socket is given up when the time for a body is over.
      site:drive(function()
         return wire.count_fds() == fds + 5
      end, "the socket to be closed")
   end)

   for what, framing in pairs {
      ["Content-Length twice"] = "Content-Length: 5\r\nContent-Length: 5",
      ["two different lengths"] = "Content-Length: 5\r\ncontent-length: 6",
      ["Content-Length beside Transfer-Encoding"] = "Content-Length: 5\r\nTransfer-Encoding: chunked",
      ["Transfer-Encoding beside Content-Length"] = "Transfer-Encoding: chunked\r\nContent-Length: 5",
      ["Transfer-Encoding twice"] = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
      ["another coding"] = "Transfer-Encoding: gzip, chunked",
      ["a coding that is not chunked"] = "Transfer-Encoding: identity",
      ["a space before the colon"] = "Content-Length : 5",
      ["a bare carriage return"] = "X-A: 1\rContent-Length: 5",
   } do
      it("with " .. what .. " are 400, once, and the connection ends", function()
         open()
         local client = site:client(post(framing) .. "hello" .. post "Content-Length: 0")
         assert.equal(400, client:response().status)
         client:ending()
         assert.equal("", client.received)
         assert.equal(0, site.handled)
      end)
   end

   -- libmicrohttpd refuses these before it asks us, and 0.9.75 writes its header twice; what counts is that the
   -- connection ends and that nothing is taken for a request.
   for what, case in pairs {
      ["two lengths in one header"] = { "5, 5", 400 },
      ["a length that is no number"] = { "five", 400 },
      ["a signed length"] = { "+5", 400 },
      ["a negative length"] = { "-5", 400 },
      ["a hexadecimal length"] = { "0x5", 400 },
      ["an empty length"] = { "", 400 },
      ["an impossible length"] = { "99999999999999999999999999", 413 },
   } do
      it("with " .. what .. " are " .. case[2] .. ", and the connection ends", function()
         open()
         local client = site:client(post("Content-Length: " .. case[1]) .. "hello" .. post "Content-Length: 0")
         assert.equal(case[2], client:response().status)
         client:ending()
         assert.equal(0, site.handled)
      end)
   end

   it("in chunks from an HTTP/1.0 client are 400", function()
      open()
      local client = site:client("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
      assert.equal(400, client:response().status)
   end)

   it("with malformed chunks are 400", function()
      open()
      for _, chunk in ipairs { "xyz\r\nhello", "5\r\nhelloworld", "-5\r\nhello" } do
         local client = site:client(post "Transfer-Encoding: chunked" .. chunk .. "\r\n0\r\n\r\n")
         assert.equal(400, client:response().status)
         client:ending()
      end
      assert.equal(0, site.handled)
   end)

   it("shorter than announced never reach the handler", function()
      open()
      local client = site:client(post "Content-Length: 10" .. "hello")
      site:settle()
      client:close()
      site:drive(function()
         return site.server:count() == 0
      end, "the connection to be gone")
      client = site:client(post "Transfer-Encoding: chunked" .. "a\r\nhello")
      site:settle()
      client:reset()
      site:drive(function()
         return site.server:count() == 0
      end, "the connection to be gone")
      assert.equal(0, site.handled)
   end)

   it("longer than announced end the connection after the answer", function()
      open()
      local client = site:client(post "Content-Length: 5" .. "hello world\r\n\r\n")
      assert.equal("hello", client:response().headers["x-body"])
      client:ending()
      assert.equal(1, site.handled)
   end)

   it("do not make large buffers stay", function()
      open()
      local client = site:client()
      for size = 1, 3 do
         local body = ("x"):rep(size * 300000)
         client:send(post("Content-Length: " .. #body) .. body)
         assert.equal(tostring(#body), client:response().body)
      end
   end)
end)

describe("kenar.httpd request headers", function()
   local site

   after_each(function()
      site:close()
   end)

   local function header(bytes)
      return "GET / HTTP/1.1\r\nHost: b\r\nX-Long: " .. ("x"):rep(bytes) .. "\r\n\r\n"
   end

   before_each(function()
      site = served.open()
      site.handle = function(request)
         return { body = tostring(#(request.headers["x-long"] or request.path)) }
      end
   end)

   it("of 10 KiB are taken, and leave room for an answer with 3 KiB of headers", function()
      site.handle = function(request)
         return { headers = { ["x-answer"] = ("y"):rep(3000) }, body = tostring(#request.headers["x-long"]) }
      end
      local client = site:client(header(10240))
      local response = client:response()
      assert.equal("10240", response.body)
      assert.equal(3000, #response.headers["x-answer"])
      -- The same with requests that wait in line behind it.
      client:send(header(10240) .. header(10240) .. header(10))
      assert.equal("10240", client:response().body)
      assert.equal("10240", client:response().body)
      assert.equal("10", client:response().body)
   end)

   it("with the cookies of a browser are taken", function()
      local cookies = {}
      for i = 1, 40 do
         cookies[i] = ("cookie%d=%s"):format(i, ("v"):rep(60))
      end
      site.handle = function(request)
         return { body = request.headers.cookie }
      end
      local cookie = table.concat(cookies, "; ")
      local client = site:client("GET /oauth HTTP/1.1\r\nHost: b\r\nCookie: " .. cookie .. "\r\n\r\n")
      assert.equal(cookie, client:response().body)
   end)

   for _, size in ipairs { 11300, 12000, 14000, 15000, 15700, 16000, 16384, 20000, 2 * 1024 * 1024 } do
      it("of " .. size .. " bytes are 431, for a client that reads only when all is sent", function()
         local client = site:client()
         client.deaf = true
         client:send(header(size))
         site:drive(function()
            return client.unsent == ""
         end, "the header to be sent")
         assert.is_nil(client.send_failed)
         client.deaf = nil
         assert.equal(431, client:response().status)
         client:ending()
      end)
   end

   it("in great number are 431", function()
      local client = site:client("GET / HTTP/1.1\r\n" .. ("a: b\r\n"):rep(170) .. "\r\n")
      assert.equal(431, client:response().status)
      client = site:client("GET / HTTP/1.1\r\n" .. ("a: b\r\n"):rep(1000) .. "\r\n")
      assert.equal(431, client:response().status)
   end)

   it("after a target of 16 KiB are 414", function()
      assert.equal(414, site:client("GET /" .. ("x"):rep(16384) .. " HTTP/1.1\r\n\r\n"):response().status)
   end)

   for what, request in pairs {
      ["without a colon"] = "GET / HTTP/1.1\r\nHost\r\n\r\n",
      ["with a space in a name"] = "GET / HTTP/1.1\r\nX A: b\r\n\r\n",
      ["with an empty name"] = "GET / HTTP/1.1\r\n: b\r\n\r\n",
      ["with a name of 300 bytes"] = "GET / HTTP/1.1\r\n" .. ("n"):rep(300) .. ": b\r\n\r\n",
      ["with a space in the target"] = "GET /a b HTTP/1.1\r\nHost: b\r\n\r\n",
      ["with a control character in the target"] = "GET /a\1b HTTP/1.1\r\nHost: b\r\n\r\n",
      ["without a version"] = "GET /\r\nHost: b\r\n\r\n",
      ["of no HTTP"] = "\22\3\1\2\0\1\0\1 \252\3\3 and so on\r\n\r\n",
   } do
      it(what .. " are 400", function()
         local client = site:client(request)
         assert.equal(400, client:response().status)
         client:ending()
         assert.equal("", client.received)
      end)
   end

   it("of another major version are 505", function()
      assert.equal(505, site:client("GET / HTTP/2.0\r\nHost: b\r\n\r\n"):response().status)
   end)
end)
