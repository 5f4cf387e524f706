--- TLS is verified: certificates are made when this runs, and served by openssl.

local certificates = require "spec.support.certificates"
local curl = require "kenar.curl"
local scratch = require "spec.support.scratch"
local transfers = require "spec.support.transfers"
local wire = require "spec_wire"

local function serve(certificate, ...)
   local process = assert(wire.spawn({
      "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.certificate, "-key", certificate.key,
      "-www", ...,
   }, { stderr = "stdout" }))
   local output, port = "", nil -- luacheck: ignore 311
   repeat
      output = output .. assert(process:read(10), output)
      port = output:match "ACCEPT 127%.0%.0%.1:(%d+)"
   until port
   return { process = process, url = "https://127.0.0.1:" .. port .. "/" }
end

describe("over TLS", function()
   local directory, folder, authority, good

   setup(function()
      directory = scratch.new()
      folder = directory.path
      authority = certificates.authority(folder, "authority")
      good = certificates.signed(folder, "good", authority, { names = "IP:127.0.0.1,DNS:localhost", days = 2 })
   end)

   teardown(function()
      directory:remove()
   end)

   local function get(certificate, options, ...)
      local server = serve(certificate, ...)
      local pool = curl.pool(options)
      local ended = transfers.run(pool, { url = server.url, timeout = 10 })
      pool:close()
      server.process:close()
      return ended
   end

   local function assert_refused(ended)
      assert.equal("tls", ended.kind)
      assert.equal("no", ended.sent)
   end

   it("a server with a certificate of a known authority is answered", function()
      local ended = get(good, { ca_file = authority.certificate })
      assert.equal(200, ended.status, ended.message)
   end)

   it("a certificate of an unknown authority is refused, and nothing was sent", function()
      assert_refused(get(good, {}))
   end)

   it("a certificate that vouches for itself is refused", function()
      assert_refused(get(certificates.authority(folder, "selfish"), { ca_file = authority.certificate }))
   end)

   it("a certificate for another name is refused", function()
      local other = certificates.signed(folder, "other", authority, { names = "DNS:divar.ir", days = 2 })
      assert_refused(get(other, { ca_file = authority.certificate }))
   end)

   it("a certificate that has expired is refused", function()
      local expired = certificates.signed(folder, "expired", authority, { names = "IP:127.0.0.1", days = -1 })
      assert_refused(get(expired, { ca_file = authority.certificate }))
   end)

   it("a protocol older than TLS 1.2 is refused", function()
      assert_refused(get(good, { ca_file = authority.certificate }, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"))
   end)

   it("a file of authorities that is not there is refused", function()
      assert_refused(get(good, { ca_file = folder .. "/none.pem" }))
   end)

   it("a child of the program that closes its copy of the pool leaves the connection alone", function()
      local process = assert(wire.spawn({
         "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", good.certificate, "-key", good.key,
      }, { stdin = "pipe", stderr = "stdout" }))
      local output = ""
      -- Steps the pool until openssl has printed the text.
      local function wait_for(text, pool)
         local deadline = wire.clock() + 10
         while not output:find(text, 1, true) do
            if pool then
               pool:step(0.01)
            end
            output = output .. (process:read(0.01) or "")
            assert(wire.clock() < deadline, output)
         end
      end
      wait_for("ACCEPT 127.0.0.1:")
      local url = "https://127.0.0.1:" .. output:match "ACCEPT 127%.0%.0%.1:(%d+)" .. "/"
      local pool = curl.pool { ca_file = authority.certificate }
      -- This server prints what it receives, and sends what is written to it.
      local function exchange(path)
         assert(pool:add { url = url .. path })
         wait_for("GET /" .. path, pool)
         process:write "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
         assert.equal(200, transfers.next(pool).status)
      end
      exchange "first"
      local child = assert(wire.fork(function()
         pool:close()
         pool = nil
         collectgarbage()
         collectgarbage()
      end, "all"))
      assert.equal(0, child:wait(10))
      child:close()
      exchange "second"
      local _, handshakes = output:gsub("BEGIN SSL SESSION PARAMETERS", "")
      assert.equal(1, handshakes)
      pool:close()
      process:close()
   end)

   -- Lets a pool begin a handshake with a server that answers it with `reply(socket)`.
   local function handshake(options, reply)
      local listener = assert(wire.listen())
      local pool = curl.pool(options)
      assert(pool:add { url = "https://127.0.0.1:" .. listener:port() .. "/" })
      pool:step(1)
      local socket = assert(listener:accept())
      local hello
      repeat
         pool:step(0.01)
         hello = socket:receive(65536, 0)
      until hello
      reply(socket)
      local ended = transfers.next(pool)
      pool:close()
      socket:close()
      listener:close()
      return ended, hello
   end

   it("a line that breaks during the handshake is a matter of the network, for that passes", function()
      for _, ending in ipairs { "close", "reset" } do
         local ended = handshake({}, function(socket)
            socket[ending](socket)
         end)
         assert.same({ "network", "no" }, { ended.kind, ended.sent }, ending .. ": " .. ended.message)
      end
   end)

   it("a server that speaks plain HTTP is refused", function()
      assert_refused((handshake({}, function(socket)
         socket:send "HTTP/1.1 400 Bad Request\r\n\r\n"
      end)))
   end)

   -- The names of protocols stand readable in the first message of a handshake.
   local function offers_http2(options)
      local _, hello = handshake(options, function(socket)
         socket:close()
      end)
      assert.is_truthy(hello:find("\8http/1.1", 1, true))
      return hello:find("\2h2", 1, true) ~= nil
   end

   it("HTTP/2 is offered when asked for, and only then", function()
      assert.is_true(offers_http2 { http2 = true })
      assert.is_false(offers_http2 {})
   end)
end)
