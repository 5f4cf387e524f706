--- The reader of HTTP answers: fed what a connection brings, in whatever pieces it comes.

local core = require "kenar.core"
local fixture = require "spec.support.fixture"

local function read(bytes, options, first)
   local response = core.http_response(options or {})
   if first then
      response:feed(bytes:sub(1, first))
      return response, response:feed(bytes:sub(first + 1))
   end
   return response, response:feed(bytes)
end

local function headers_of(response)
   return core.http_headers((select(3, response:result())))
end

-- Answers as Divar's gateway sends them: with a length, and in chunks.
local JSON = fixture.bytes "resp.send_message.ok"
local HEAD = "HTTP/1.1 200 OK\r\nserver: envoy\r\ncontent-type: application/json\r\n"
   .. "date: Sat, 01 Mar 2025 10:00:00 GMT\r\nx-envoy-upstream-service-time: 12\r\n"
local ANSWERS = {
   length = HEAD .. "content-length: " .. #JSON .. "\r\n\r\n" .. JSON,
   chunks = HEAD .. ("transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n%X\r\n%s\r\n0\r\n\r\n"):format(
      20, JSON:sub(1, 20), #JSON - 20, JSON:sub(21)),
   ["until the end"] = HEAD .. "\r\n" .. JSON,
   ["an interim answer"] = "HTTP/1.1 100 Continue\r\n\r\n" .. HEAD .. "content-length: " .. #JSON .. "\r\n\r\n" .. JSON,
}

describe("core.http_response", function()
   for name, bytes in pairs(ANSWERS) do
      it("reads an answer with " .. name .. ", cut anywhere", function()
         for first = 0, #bytes do
            local response, progress = read(bytes, nil, first)
            if name == "until the end" then
               assert.equal("more", progress)
               progress = response:close()
            end
            assert.equal("done", progress)
            local status, body, fields, keeps_connection = response:result()
            assert.same({ 200, JSON }, { status, body })
            assert.equal("application/json", core.http_headers(fields)["content-type"])
            assert.equal(name ~= "until the end", keeps_connection)
         end
      end)
   end

   it("knows the status before the rest", function()
      local response, progress = read "HTTP/1.1 503 Service Unav"
      assert.equal("more", progress)
      assert.is_nil(response:status())
      response:feed "ailable\r\n"
      assert.equal(503, response:status())
   end)

   it("gives headers in lower case, repeated ones joined in their order", function()
      local response = read("HTTP/1.1 200 OK\r\nX-Twice: one\r\nx-twice:   two \t\r\nX-Empty:\r\n"
         .. "Content-Length: 0\r\n\r\n")
      assert.same({ ["x-twice"] = "one, two", ["x-empty"] = "", ["content-length"] = "0" }, headers_of(response))
   end)

   it("reads no headers from what is none", function()
      assert.same({}, core.http_headers "")
      assert.same({}, core.http_headers "x")
      assert.same({ x = "" }, core.http_headers "x\0\0y\0z")
   end)

   it("has no trailers among its headers", function()
      local response = read "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Late: yes\r\n\r\n"
      assert.same({ ["transfer-encoding"] = "chunked" }, headers_of(response))
   end)

   it("expects no body of an answer to HEAD", function()
      local _, progress = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", { method = "HEAD" })
      assert.equal("done", progress)
      _, progress = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", { method = "GET" })
      assert.equal("more", progress)
   end)

   it("takes as much as it may, and not a byte more", function()
      local bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
      assert.equal("more", select(2, read(bytes, { max_body = 100 })))
      local response, progress, kind, message = read(bytes, { max_body = 99 })
      assert.same({ 200, "too_large", "the body is too large" }, { response:status(), kind, message })
      assert.is_nil(progress)
      response, progress, kind, message = read(bytes, { max_head = 39 })
      assert.equal(200, response:status())
      assert.is_nil(progress)
      assert.same({ "too_large", "the headers are too large" }, { kind, message })
   end)

   it("allows 1 MiB by default", function()
      local most = 1024 * 1024
      assert.equal("more", select(2, read(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(most))))
      assert.equal("too_large", select(3, read(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(most + 1))))
   end)

   it("says what is wrong, and goes on saying it", function()
      local response, progress, kind, message = read "HTTP/1.1 200 OK\r\nX: folded\r\n over two lines\r\n\r\n"
      assert.is_nil(progress)
      assert.same({ "network", "a header line is malformed" }, { kind, message })
      assert.same({ n = 3, nil, kind, message }, { n = 3, response:feed "HTTP/1.1 200 OK\r\n" })
      assert.same({ n = 3, nil, kind, message }, { n = 3, response:close() })
      assert.is_false((select(4, response:result())))
   end)

   it("tells a cut answer from a complete one", function()
      local response = read "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"
      local progress, kind, message = response:close()
      assert.is_nil(progress)
      assert.same({ "network", "the connection was closed before the answer was complete" }, { kind, message })
      assert.same({ 200, "ab", "content-length\0005\0", false }, { response:result() })
   end)

   it("keeps no connection on which more came than was asked for", function()
      local response = read(ANSWERS.length .. "HTTP/1.1 200 OK\r\n")
      local _, body, _, keeps_connection = response:result()
      assert.same({ JSON, false }, { body, keeps_connection })
   end)

   it("reads one answer after the other", function()
      local response = core.http_response { method = "HEAD", max_body = 1 }
      response:feed "HTTP/1.1 204 No Content\r\nX: y\r\nConnection: close\r\n\r\n"
      response:begin { method = "GET" }
      assert.is_nil(response:status())
      assert.equal("done", response:feed(ANSWERS.length))
      local _, body, _, keeps_connection = response:result()
      assert.same({ JSON, true }, { body, keeps_connection })
      assert.is_nil(headers_of(response).x)
      response:begin { max_body = 1 }
      assert.equal("too_large", select(2, response:feed(ANSWERS.length)))
   end)

   it("raises for limits that are none", function()
      assert.has_error(function() core.http_response { max_body = "much" } end,
         "max_body is a number of bytes, 0 or more")
      assert.has_error(function() core.http_response { max_head = -1 } end,
         "max_head is a number of bytes, 0 or more")
   end)
end)
