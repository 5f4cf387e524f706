--- What goes over the wire, and what is refused before anything does.

local curl = require "kenar.curl"
local fault_server = require "spec.support.fault_server"
local transfers = require "spec.support.transfers"

describe("a request", function()
   local server, pool

   before_each(function()
      server = fault_server.start()
      pool = curl.pool()
   end)

   after_each(function()
      pool:close()
      server:stop()
   end)

   -- Sends it and returns what the server saw of it.
   local function seen(request)
      request.url = request.url or server.url .. "/answer"
      local ended = transfers.run(pool, request)
      assert.equal(200, ended.status, ended.message)
      local requests = server:requests()
      return requests[#requests]
   end

   it("is a GET unless it says otherwise", function()
      local got = seen {}
      assert.equal("GET", got.method)
      assert.is_nil(got.headers["content-length"])
   end)

   it("sends the bytes of its body, whatever they are", function()
      local body = "\0\r\n\255سلام"
      local got = seen { method = "POST", body = body }
      assert.equal(body, got.body)
      assert.equal(tostring(#body), got.headers["content-length"])
   end)

   it("sends a POST without a body with a length of 0", function()
      assert.equal("0", seen({ method = "POST" }).headers["content-length"])
   end)

   it("has any method, and the next one on the same handle its own", function()
      for _, method in ipairs { "PUT", "POST", "DELETE", "GET", "PATCH", "HEAD", "POST", "GET" } do
         local body = (method ~= "GET" and method ~= "HEAD") and method or nil
         local got = seen { method = method, body = body }
         assert.equal(method, got.method)
         assert.equal(body or "", got.body)
      end
      assert.equal(1, server:report().accepted)
   end)

   it("does not wait for 100-continue, asks for no encoding and calls no body a form", function()
      for _, size in ipairs { 1, 2000, 1024 * 1024 - 1, 1024 * 1024, 3 * 1024 * 1024 } do
         local headers = seen({ method = "POST", body = ("x"):rep(size) }).headers
         assert.equal(tostring(size), headers["content-length"])
         assert.is_nil(headers.expect)
         assert.is_nil(headers["accept-encoding"])
         assert.is_nil(headers["content-type"])
      end
   end)

   it("sends headers from a map or from a list that was compiled before", function()
      local map = { ["x-api-key"] = "secret", ["Content-Type"] = "application/json", ["X-Empty"] = "" }
      for _, headers in ipairs { map, assert(curl.headers(map)) } do
         local got = seen({ method = "POST", body = "{}", headers = headers }).headers
         assert.equal("secret", got["x-api-key"])
         assert.equal("application/json", got["content-type"])
         assert.equal("", got["x-empty"])
      end
   end)

   it("takes compiled headers apart from the table", function()
      local id = assert(pool:add({ url = server.url .. "/answer" }, curl.headers { ["x-api-key"] = "secret" }))
      assert.equal(id, transfers.next(pool).id)
      assert.equal("secret", server:requests()[1].headers["x-api-key"])
   end)

   it("keeps its body while it waits, though nobody else does", function()
      for i = 1, 40 do
         assert(pool:add { method = "POST", url = server.url .. "/echo", body = ("body %d"):format(i):rep(1000) })
         collectgarbage()
      end
      local bodies = {}
      for _ = 1, 40 do
         bodies[transfers.next(pool).body] = true
      end
      for i = 1, 40 do
         assert.is_true(bodies[("body %d"):format(i):rep(1000)])
      end
   end)

   describe("is refused", function()
      local function assert_invalid(request)
         local id, kind, message = pool:add(request)
         assert.is_nil(id)
         assert.equal("invalid", kind)
         return message
      end

      after_each(function()
         assert.same({ 0, 0 }, { pool:count() })
         assert.equal(0, server:report().accepted)
      end)

      local bad_headers = {
         ["a line feed in a value"] = { ["x-api-key"] = "a\nx-evil: 1" },
         ["a carriage return in a value"] = { ["x-api-key"] = "a\rb" },
         ["a NUL in a value"] = { ["x-api-key"] = "a\0b" },
         ["a line feed in a name"] = { ["x\ny"] = "a" },
         ["a colon in a name"] = { ["x:y"] = "a" },
         ["an empty name"] = { [""] = "a" },
         ["a length of its own"] = { ["Content-Length"] = "3" },
         ["a framing of its own"] = { ["transfer-encoding"] = "chunked" },
      }
      for name, headers in pairs(bad_headers) do
         it("with " .. name .. " in its headers", function()
            local message = assert_invalid { url = server.url .. "/answer", headers = headers }
            local list, same_message = curl.headers(headers)
            assert.is_nil(list)
            assert.equal(message, same_message)
            assert.is_nil(message:find "[%c]")
         end)
      end

      it("when its URL leads unencrypted to another machine", function()
         local urls = {
            "http://divar.ir/", "http://127.0.0.1.divar.ir/", "http://localhost.divar.ir/", "http://127.1/",
            "http://0x7f.0.0.1/", "http://[::2]/", "http://10.0.0.1/", "http://128.0.0.1/", "http://127.0.0.256/",
         }
         for _, url in ipairs(urls) do
            assert.is_truthy(assert_invalid({ url = url }):find("https", 1, true), url)
         end
      end)

      it("when its URL is one that could be understood in two ways", function()
         local urls = {
            "", "/path", "ftp://localhost/", "file:///etc/passwd", "https:/divar.ir", "https://", "https:///path",
            "https://user:secret@divar.ir/", "http://localhost@divar.ir/", "https://divar.ir:99999/",
            "https://divar.ir:/", "https://divar.ir:8o/", "https://divar.ir\\@localhost/", "https://di%76ar.ir/",
            "https://divar.ir/a b", "https://divar.ir/\r\nx: y", "https://divar.ir/\0", "http://[::1/", "http://[]/",
            "https://دیوار.ir/",
         }
         for _, url in ipairs(urls) do
            local message = assert_invalid { url = url }
            assert.is_nil(message:find "secret", url)
            assert.equal(url:find("@", 1, true) ~= nil, message:find("user part", 1, true) ~= nil, url)
         end
      end)
   end)

   it("reaches this machine under each of its names", function()
      for _, host in ipairs { "localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3" } do
         local ended = transfers.run(pool, { url = ("http://%s:%d/answer"):format(host, server.port) })
         -- The server listens on 127.0.0.1 only; that the others are tried at all is the point.
         assert.is_true(ended.status == 200 or ended.kind == "network", host)
      end
      assert.is_truthy(pool:add { url = "http://[::1]:9/" })
   end)

   describe("raises when the program is wrong:", function()
      local mistakes = {
         ["no table"] = "text",
         ["no url"] = {},
         ["a method in lower case"] = { url = "https://divar.ir/", method = "post" },
         ["a method with a line end"] = { url = "https://divar.ir/", method = "GET /\r\n" },
         ["a body of a GET"] = { url = "https://divar.ir/", body = "x" },
         ["a body that is a number"] = { url = "https://divar.ir/", method = "POST", body = 1 },
         ["a part that is no part"] = { url = "https://divar.ir/", method = "POST", body = { true } },
         ["a part without a path"] = { url = "https://divar.ir/", method = "POST", body = { {} } },
         ["a timeout of 0"] = { url = "https://divar.ir/", timeout = 0 },
         ["headers that are a string"] = { url = "https://divar.ir/", headers = "x: y" },
         ["a header that is a table"] = { url = "https://divar.ir/", headers = { x = {} } },
      }
      for name, request in pairs(mistakes) do
         it(name, function()
            assert.has_error(function()
               pool:add(request)
            end)
            assert.same({ 0, 0 }, { pool:count() })
         end)
      end
   end)

   it("has headers whose values are not shown", function()
      local text = tostring(curl.headers { ["x-api-key"] = "secret", authorization = "Bearer secret" })
      assert.equal("kenar.headers (2)", text)
   end)
end)
