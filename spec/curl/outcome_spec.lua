--- How a transfer can end, and what is then known about whether the server acted.

local curl = require "kenar.curl"
local fault_server = require "spec.support.fault_server"
local transfers = require "spec.support.transfers"
local wire = require "spec_wire"

describe("the outcome of a transfer", function()
   local server, pool

   before_each(function()
      server = fault_server.start()
      pool = curl.pool()
   end)

   after_each(function()
      pool:close()
      server:stop()
   end)

   local function post(path, options)
      local request = { method = "POST", url = server.url .. (path or "/answer"), body = "the message" }
      for name, value in pairs(options or {}) do
         request[name] = value
      end
      return transfers.run(pool, request)
   end

   it("is the status, the headers in lower case and the body", function()
      local ended = post "/answer"
      assert.equal(200, ended.status)
      assert.equal("application/json", ended.headers["content-type"])
      assert.equal('{"ok":true}', ended.body)
   end)

   it("is any status that the server chose, with its body", function()
      local ended = post "/status?412"
      assert.equal(412, ended.status)
      assert.equal("status", ended.body)
   end)

   it("joins repeated headers, trims them and keeps empty ones", function()
      local headers = post("/repeated-headers").headers
      assert.equal("one, two", headers["x-twice"])
      assert.equal("", headers["x-empty"])
   end)

   it("has a chunked body whole, and no trailers among its headers", function()
      local ended = post "/chunked"
      assert.equal("the parts", ended.body)
      assert.is_nil(ended.headers["x-trailer"])
   end)

   it("has the body of an answer that comes byte by byte", function()
      assert.equal("slow", post("/slow").body)
   end)

   it("knows nothing of an interim answer", function()
      local ended = post "/continue"
      assert.equal(200, ended.status)
      assert.equal("after", ended.body)
      assert.is_nil(ended.headers["x-early"])
      assert.equal("yes", ended.headers["x-late"])
   end)

   it("is a redirect as it came, which is not followed", function()
      local elsewhere = fault_server.start()
      local ended = post("/redirect?to=" .. elsewhere.url .. "/answer", { headers = { ["x-api-key"] = "secret" } })
      assert.equal(302, ended.status)
      assert.equal(elsewhere.url .. "/answer", ended.headers.location)
      assert.equal(0, elsewhere:report().accepted)
      elsewhere:stop()
   end)

   local failures = {
      { "a port that nobody listens on", "no", "network", url = "refused" },
      { "a connection closed instead of an answer", "maybe", "network", path = "/close" },
      { "a connection reset instead of an answer", "maybe", "network", path = "/reset" },
      { "no answer in time", "maybe", "timeout", path = "/silent", timeout = 0.05 },
      { "an answer that is not HTTP", "maybe", "network", path = "/garbage" },
      { "a 2xx that stops within its headers", "yes", "network", path = "/half-headers" },
      { "a 2xx that stops within its body", "yes", "network", path = "/half" },
      { "a 2xx whose body does not go on in time", "yes", "timeout", path = "/half-and-silent", timeout = 0.1 },
      { "a 4xx that stops within its body", "no", "network", path = "/half-of-an-error" },
      { "an answer of 10 MiB", "yes", "too_large", path = "/huge" },
      { "an answer of 10 MiB in chunks", "yes", "too_large", path = "/huge-chunked" },
      { "headers of 800 KiB", "yes", "too_large", path = "/huge-headers" },
   }
   for _, case in ipairs(failures) do
      local name, sent, kind = case[1], case[2], case[3]
      it(("is %s, sent: %s, for %s"):format(kind, sent, name), function()
         local request = { timeout = case.timeout }
         if case.url == "refused" then
            request.url = "http://127.0.0.1:" .. wire.free_port() .. "/"
         end
         local ended = post(case.path, request)
         assert.equal(kind, ended.kind)
         assert.equal(sent, ended.sent)
         assert.is_true(#ended.message > 0)
      end)
   end

   it("is timeout, sent: no, when no connection comes about in time", function()
      local listener = assert(wire.listen(0, 0))
      local full = {}
      repeat -- beyond its backlog the kernel lets connections hang
         full[#full + 1] = wire.connect(listener:port(), 0.1)
      until #full == 0 or not wire.connect(listener:port(), 0.1)
      local ended = post("/", { url = "http://127.0.0.1:" .. listener:port() .. "/", connect_timeout = 0.1 })
      assert.equal("timeout", ended.kind)
      assert.equal("no", ended.sent)
      for _, socket in ipairs(full) do
         socket:close()
      end
      listener:close()
   end)

   it("takes as many bytes as max_body allows and not one more", function()
      local body = ("x"):rep(1000)
      assert.equal(body, post("/echo", { body = body, max_body = 1000 }).body)
      assert.equal("too_large", post("/echo", { body = body, max_body = 999 }).kind)
      assert.equal("yes", post("/echo", { body = body, max_body = 999 }).sent)
   end)

   it("allows 1 MiB by default", function()
      local most = ("x"):rep(1024 * 1024)
      assert.equal(most, post("/echo", { body = most }).body)
      assert.equal("too_large", post("/echo", { body = most .. "x" }).kind)
   end)

   it("shows nothing of the request in its message", function()
      local ended = post("/close?token=secret", { headers = { ["x-api-key"] = "secret" } })
      assert.is_nil(ended.message:find "secret")
   end)

   describe("on a connection that was used before", function()
      -- libcurl by itself would send such a request again on a new connection.
      for _, path in ipairs { "/close", "/reset" } do
         for name, body in pairs { string = "the message", list = { "the ", "message" } } do
            it(("of a %s answered with %s is maybe, and the server saw it once"):format(name, path), function()
               local first = post "/answer"
               assert.equal(200, first.status)
               local ended = post(path, { body = body })
               assert.equal("network", ended.kind)
               assert.equal("maybe", ended.sent)
               local seen = server:requests()
               assert.equal(2, #seen)
               assert.equal(path, seen[2].path)
               assert.equal("the message", seen[2].body)
               assert.equal(seen[1].connection, seen[2].connection)
            end)
         end
      end

      it("that died while idle is an answer, from a new one", function()
         local patient = fault_server.start {
            ["/answer-and-close"] = function(connection)
               connection:answer(200)
               return "close"
            end,
         }
         local request = { method = "POST", url = patient.url .. "/answer-and-close", body = "x" }
         assert.equal(200, transfers.run(pool, request).status)
         patient:wait_until(function(report)
            return report.open == 0
         end)
         assert.equal(200, transfers.run(pool, request).status)
         assert.equal(2, #patient:requests())
         patient:stop()
      end)
   end)
end)
