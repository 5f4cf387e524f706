local httpd = require "kenar.httpd"
local served = require "spec.support.served"
local wire = require "spec_wire"

describe("kenar.httpd", function()
   local site, fds

   before_each(function()
      fds = wire.count_fds()
   end)

   after_each(function()
      if site then
         site:close()
         site = nil
      end
      assert.equal(fds, wire.count_fds())
   end)

   it("hands out a request as a table and sends the answer", function()
      site = served.open()
      local client = site:client "POST /kenar/events?a=%20b&c HTTP/1.1\r\nHost: bot\r\n"
      client:send "Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"a\":1}\n"
      local id, request = site:request()
      assert.same({
         method = "POST",
         path = "/kenar/events",
         query = "a=%20b&c",
         headers = { host = "bot", ["content-type"] = "application/json", ["content-length"] = "8" },
         body = "{\"a\":1}\n",
         remote_addr = "127.0.0.1",
      }, request)
      assert.is_true(site.server:respond(id, 201, { ["Content-Type"] = "text/plain" }, "done"))
      local response = client:response()
      assert.equal(201, response.status)
      assert.equal("Created", response.reason)
      assert.equal("text/plain", response.headers["content-type"])
      assert.equal("done", response.body)
   end)

   it("leaves the path as it was sent, and gives no query and an empty body when there is none", function()
      site = served.open()
      site:client "GET /a%2Fb+c/%D9%82 HTTP/1.1\r\nHost: bot\r\n\r\n"
      local _, request = site:request()
      assert.equal("/a%2Fb+c/%D9%82", request.path)
      assert.is_nil(request.query)
      assert.equal("", request.body)
   end)

   it("takes the path out of an absolute target", function()
      site = served.open()
      site:client "GET http://bot.example.ir/kenar?x=1 HTTP/1.1\r\nHost: bot\r\n\r\n"
      local _, request = site:request()
      assert.equal("/kenar", request.path)
      assert.equal("x=1", request.query)
   end)

   it("joins repeated headers and says how often each came", function()
      site = served.open()
      site:client "GET / HTTP/1.1\r\nAuthorization: one\r\nX-A: 1 \r\nAUTHORIZATION: two\r\nx-a: 2\r\nX-A: 3\r\n\r\n"
      local _, request = site:request()
      assert.same({ authorization = "one, two", ["x-a"] = "1, 2, 3" }, request.headers)
      assert.same({ authorization = 2, ["x-a"] = 3 }, request.repeated)
   end)

   it("serves any method, and HEAD without a body", function()
      site = served.open()
      site.handle = function(request)
         return { body = "<" .. request.method .. ">" }
      end
      assert.equal("<PROPFIND>", site:client("PROPFIND / HTTP/1.1\r\nHost: b\r\n\r\n"):response().body)
      local client = site:client "HEAD / HTTP/1.1\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n"
      assert.equal("6", client:response(true).headers["content-length"])
      assert.equal("<GET>", client:response().body)
   end)

   it("keeps a connection for the next request, and answers a pipeline in order", function()
      site = served.open()
      site.handle = function(request)
         return { body = request.path }
      end
      local client = site:client "GET /1 HTTP/1.1\r\nHost: b\r\n\r\n"
      assert.equal("/1", client:response().body)
      client:send("GET /2 HTTP/1.1\r\nHost: b\r\n\r\n" ..
         "POST /3 HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nab" .. "GET /4 HT")
      assert.equal("/2", client:response().body)
      assert.equal("/3", client:response().body)
      client:send "TP/1.1\r\nHost: b\r\n\r\n"
      assert.equal("/4", client:response().body)
      assert.equal(1, (site.server:count()))
   end)

   it("closes after an HTTP/1.0 request, and after `connection: close` from either side", function()
      site = served.open()
      site.handle = function(request)
         return { body = "x", headers = { Connection = request.path == "/close" and "close" or nil } }
      end
      for _, request in ipairs {
         "GET / HTTP/1.0\r\n\r\n",
         "GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n",
         "GET /close HTTP/1.1\r\nHost: b\r\n\r\n",
      } do
         local client = site:client(request)
         local response = client:response()
         assert.equal("x", response.body)
         assert.equal("close", response.headers.connection)
         assert.equal("closed", client:ending())
      end
   end)

   it("keeps an HTTP/1.0 connection that asks for it", function()
      site = served.open()
      site.handle = function()
         return { body = "x" }
      end
      local client = site:client "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
      assert.equal("Keep-Alive", client:response().headers.connection)
      client:send "GET / HTTP/1.0\r\n\r\n"
      assert.equal("x", client:response().body)
   end)

   it("answers a client that has closed its sending side", function()
      site = served.open()
      local client = site:client "GET / HTTP/1.1\r\nHost: b\r\n\r\n"
      client.socket:shutdown()
      local id = site:request()
      site.server:run()
      site.server:respond(id, 200, nil, "still here")
      assert.equal("still here", client:response().body)
   end)

   it("asks for the body with 100 Continue", function()
      site = served.open()
      site.handle = function(request)
         return { body = request.body }
      end
      local client = site:client "POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
      assert.equal(100, client:response().status)
      client:send "abc"
      assert.equal("abc", client:response().body)
   end)

   it("sends a large answer to a slow reader whole", function()
      site = served.open()
      local body = ("0123456789abcdef"):rep(512 * 1024)
      site.handle = function()
         return { body = body }
      end
      local client = site:client "GET / HTTP/1.1\r\nHost: b\r\n\r\n"
      client.deaf = true
      site:settle()
      client.deaf = nil
      local response = client:response()
      assert.equal(#body, #response.body)
      assert.is_true(response.body == body)
   end)

   it("does not say what it is made of", function()
      site = served.open()
      site.handle = function()
         return {}
      end
      local headers = site:client("GET / HTTP/1.1\r\nHost: b\r\n\r\n"):response().headers
      assert.is_nil(headers.server)
      assert.truthy(headers.date:match "^%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT$")
   end)

   it("keeps other answers apart from the one before", function()
      site = served.open()
      local answers = {
         { status = 200, headers = { ["x-a"] = "1" }, body = "one" },
         { status = 404, headers = { ["x-a"] = "1" }, body = "one" },
         { status = 200, headers = { ["x-a"] = "2" }, body = "one" },
         { status = 200, headers = { ["x-b"] = "2" }, body = "one" },
         { status = 200, body = "one" },
         { status = 200, body = "" },
         { status = 200, headers = { ["x-a"] = "1" }, body = ("one"):rep(1000) },
         { status = 200, headers = { ["x-a"] = "1" }, body = "one" },
      }
      local at = 0
      site.handle = function()
         at = at + 1
         return answers[at]
      end
      local client = site:client(("GET / HTTP/1.1\r\nHost: b\r\n\r\n"):rep(#answers))
      for _, expected in ipairs(answers) do
         local response = client:response()
         assert.equal(expected.status, response.status)
         assert.equal(expected.body, response.body)
         assert.equal((expected.headers or {})["x-a"], response.headers["x-a"])
         assert.equal((expected.headers or {})["x-b"], response.headers["x-b"])
      end
   end)

   it("frames the answer itself, whatever the headers say", function()
      site = served.open()
      site.handle = function()
         return {
            headers = { ["Content-Length"] = "999", ["transfer-encoding"] = "chunked", ["X-Empty"] = "" }, body = "ab",
         }
      end
      local headers = site:client("GET / HTTP/1.1\r\nHost: b\r\n\r\n"):response().headers
      assert.equal("2", headers["content-length"])
      assert.is_nil(headers["transfer-encoding"])
      assert.is_nil(headers["x-empty"])
   end)

   it("refuses headers with line breaks, and the request can still be answered", function()
      site = served.open()
      local client = site:client "GET / HTTP/1.1\r\nHost: b\r\n\r\n"
      local id = site:request()
      local function refused(message, ...)
         local ok, err = pcall(site.server.respond, site.server, id, ...)
         assert.is_false(ok)
         assert.truthy(err:find(message, 1, true), err)
      end
      refused("header 'x-a' holds a line break or a zero byte", 200, { ["x-a"] = "1\r\nx-b: 2" })
      refused("header 'x-a' holds a line break or a zero byte", 200, { ["x-a"] = "1\n" })
      refused("header 'x-a' holds a line break or a zero byte", 200, { ["x-a"] = "1\0" })
      refused("'x a' is not the name of a header", 200, { ["x a"] = "1" })
      refused("'x:a\r\n' is not the name of a header", 200, { ["x:a\r\n"] = "1" })
      refused("names of headers must be strings", 200, { "x" })
      refused("header 'x-a' must be a string, got table", 200, { ["x-a"] = {} })
      refused("headers are longer than 3072 bytes together", 200,
         { ["x-a"] = ("a"):rep(2000), ["x-b"] = ("b"):rep(2000) })
      refused("status must be from 200 to 599", 99)
      refused("status must be from 200 to 599", 600)
      assert.is_true(site.server:respond(id, 204))
      assert.equal(204, client:response().status)
   end)

   it("takes each answer once", function()
      site = served.open()
      local client = site:client "GET / HTTP/1.1\r\nHost: b\r\n\r\n"
      local id = site:request()
      assert.is_true(site.server:respond(id, 200, nil, "first"))
      assert.is_false(site.server:respond(id, 200, nil, "second"))
      assert.is_false(site.server:respond(12345678, 200))
      assert.equal("first", client:response().body)
      assert.is_false(site.server:respond(id, 200, nil, "third"))
   end)

   it("picks a free port, and names address and port when one is taken", function()
      site = served.open()
      local port = site.server:port()
      assert.is_true(port > 0)
      local second, message = httpd.server { port = port }
      assert.is_nil(second)
      assert.equal(("cannot listen on 127.0.0.1 port %d: Address already in use"):format(port), message)
   end)

   it("listens on IPv6", function()
      local server, message = httpd.server { address = "::1" }
      assert(server or message == "cannot listen on ::1 port 0: Cannot assign requested address", message)
      if server then
         assert.is_true(server:port() > 0)
         server:close()
      end
   end)

   it("takes numeric addresses only", function()
      local server, message = httpd.server { address = "localhost", port = 8080 }
      assert.is_nil(server)
      assert.equal("cannot listen on localhost port 8080: not a numeric IPv4 or IPv6 address", message)
   end)

   it("raises for options that make no sense", function()
      local function refused(options, message)
         assert.has_error(function()
            httpd.server(options)
         end, message)
      end
      refused({ prot = 1 }, "unknown option 'prot'")
      refused({ 8080 }, "unknown option 'number'")
      refused({ port = "80" }, "option 'port' must be a whole number from 0 to 65535")
      refused({ port = 70000 }, "option 'port' must be a whole number from 0 to 65535")
      refused({ port = 1.5 }, "option 'port' must be a whole number from 0 to 65535")
      refused({ address = 1 }, "option 'address' must be a string")
      refused({ idle_timeout = 0 }, "option 'idle_timeout' must be a number of seconds from 0.001 to 86400")
      refused({ max_connections = 0 }, "option 'max_connections' must be a whole number from 1 to 65535")
      refused({ max_body = -1 }, "option 'max_body' must be a whole number of bytes up to 1 GiB")
   end)
end)
