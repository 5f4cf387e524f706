--- A connection that was kept for the next request, and what becomes of that request when the connection has died:
--- `sent` is held against the bytes that the server has received.

local certificates = require "spec.support.certificates"
local curl = require "kenar.curl"
local fault_server = require "spec.support.fault_server"
local nginx = require "spec.support.nginx"
local scratch = require "spec.support.scratch"
local transfers = require "spec.support.transfers"
local wire = require "spec_wire"

local ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
local FILE = ("x"):rep(100000)

-- As kenar.client.attempt does it: once more, on a new connection, when nothing has left.
local function run(pool, request)
   local ended = transfers.run(pool, request)
   if ended.stale then
      assert.equal("no", ended.sent)
      assert.equal("network", ended.kind)
      request.fresh = true
      ended = transfers.run(pool, request)
   end
   return ended
end

describe("a connection that died while it was idle", function()
   local pool

   before_each(function()
      pool = curl.pool()
   end)

   after_each(function()
      pool:close()
   end)

   -- The server keeps the connection for a moment after its answer.
   local endings = {
      ["a close"] = function()
         return "close"
      end,
      ["a reset"] = function()
         return "reset"
      end,
      ["an answer that nobody asked for"] = function(connection)
         connection:send "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
         return "close"
      end,
   }
   for name, ending in pairs(endings) do
      it(("with %s has carried none of 20 requests, and each has reached the server once"):format(name), function()
         local server = fault_server.start {
            ["/last"] = function(connection)
               connection:answer(200)
               connection:pause(0.01)
               return ending(connection)
            end,
         }
         for i = 0, 20 do
            local ended = run(pool, { method = "POST", url = server.url .. "/last", body = { "message ", "" .. i } })
            assert.equal(200, ended.status, ended.message)
            server:wait_until(function(report)
               return report.open == 0
            end)
         end
         local seen = server:requests "/last"
         assert.equal(21, #seen)
         for i = 0, 20 do
            assert.equal("message " .. i, seen[i + 1].body)
         end
         server:stop()
      end)
   end

   it("between the last look at it and the first byte has carried nothing, and the body begins anew", function()
      local folder = scratch.new()
      local path = folder:write("file", FILE)
      for whole, body in pairs {
         text = "text", ["a list"] = { "a ", "list" }, ["a " .. FILE .. " file"] = { "a ", { path = path }, " file" },
      } do
         local server = fault_server.start {
            ["/last"] = function(connection)
               connection:answer(200)
               connection:pause(60)
            end,
         }
         assert.equal(200, transfers.run(pool, { url = server.url .. "/last" }).status)
         assert.is_true(wire.end_sending(server.port) > 0)
         local request = { method = "POST", url = server.url .. "/echo", body = body }
         local ended = transfers.run(pool, request)
         assert.same({ "network", "no", true }, { ended.kind, ended.sent, ended.stale })
         assert.equal(0, #server:requests "/echo")
         request.fresh = true
         ended = transfers.run(pool, request)
         assert.equal(200, ended.status, ended.message)
         assert.equal(whole, ended.body)
         server:stop()
      end
      folder:remove()
   end)

   it("is left alone when a new one is asked for, which is kept like any other", function()
      local server = fault_server.start()
      local request = { url = server.url .. "/answer" }
      transfers.run(pool, request)
      request.fresh = true
      transfers.run(pool, request)
      request.fresh = nil
      transfers.run(pool, request)
      local seen = server:report()
      assert.same({ 3, 2, 2 }, { #seen.requests, seen.accepted, seen.open })
      server:stop()
   end)

   it("is not called so when it was new", function()
      local ended = transfers.run(pool, { url = "http://127.0.0.1:" .. wire.free_port() .. "/" })
      assert.same({ "network", "no", false }, { ended.kind, ended.sent, ended.stale })
   end)
end)

describe("the request on a connection that dies", function()
   local pool, listener, connection

   -- The server is played in here, so that what it has received is known to the byte.
   local function accept(pool_of)
      local accepted
      repeat
         pool_of:step(0.01)
         accepted = listener:accept(0)
      until accepted
      return accepted
   end

   local function receive(until_sent)
      local bytes, deadline = "", wire.clock() + 10
      repeat
         pool:step(0.001)
         bytes = bytes .. (connection:receive(until_sent.at_most or 65536, 0) or "")
         assert(wire.clock() < deadline, "the bytes never came")
      until #bytes >= (until_sent.at_most or math.huge) or bytes:find(until_sent.ends_with or ANSWER, 1, true)
      return bytes
   end

   local function post(body)
      return assert(pool:add {
         method = "POST", url = ("http://127.0.0.1:%d/"):format(listener:port()), body = body, timeout = 10,
      })
   end

   before_each(function()
      pool, listener = curl.pool(), assert(wire.listen())
      post "first"
      connection = accept(pool)
      receive { ends_with = "first" }
      connection:send(ANSWER)
      assert.equal(200, transfers.next(pool).status)
   end)

   after_each(function()
      connection:close()
      listener:close()
      pool:close()
   end)

   local moments = {
      { "before its first byte was read", receive = function() wire.poll({ connection:fd() }, 5) end },
      { "within its header", receive = function() receive { at_most = 10 } end },
      { "after its header", receive = function() receive { ends_with = "\r\n\r\n" } end },
      { "within its body", body = ("x"):rep(200000), receive = function() receive { at_most = 100000 } end },
      { "after its last byte", receive = function() receive { ends_with = "second" } end },
   }
   for _, how in ipairs { "close", "reset" } do
      for _, moment in ipairs(moments) do
         it(("with a %s %s may have arrived, and is not repeated"):format(how, moment[1]), function()
            post(moment.body or "second")
            pool:step(0)
            moment.receive()
            connection[how](connection)
            local ended = transfers.next(pool)
            assert.same({ "network", "maybe", false }, { ended.kind, ended.sent, ended.stale })
            local again = listener:accept(0)
            assert.is_nil(again and again:receive(1, 0.05))
            if again then
               again:close()
            end
         end)
      end
   end
end)

describe("over TLS", function()
   local directory, authority, server

   setup(function()
      directory = scratch.new()
      authority = certificates.authority(directory.path, "authority")
      local good = certificates.signed(directory.path, "good", authority, { names = "IP:127.0.0.1", days = 2 })
      server = nginx.start {
         values = good, ports = { "tls" },
         http = [[
            lua_shared_dict seen 1m;
            server {
               listen 127.0.0.1:$tls_port ssl;
               ssl_certificate $certificate;
               ssl_certificate_key $key;
               keepalive_timeout 10ms;
               location / { content_by_lua_block { ngx.shared.seen:incr(ngx.var.uri, 1, 0) ngx.say "seen" } }
            }
         ]],
         server = [[
            location = /open { content_by_lua_block { ngx.say(ngx.var.connections_active) } }
            location /seen/ { content_by_lua_block { ngx.say(ngx.shared.seen:get(ngx.var.uri:sub(6)) or 0) } }
         ]],
      }
   end)

   teardown(function()
      server:stop()
      directory:remove()
   end)

   local function wait_until_closed()
      local deadline = wire.clock() + 10
      while tonumber((server:ask "/open")) > 1 do
         assert(wire.clock() < deadline, "nginx keeps the connection")
      end
   end

   it("a connection whose server took leave of it carries nothing more: 20 requests arrive once each", function()
      local pool = curl.pool { ca_file = authority.certificate }
      local port = server.ports.tls
      for i = 1, 20 do
         local request = { method = "POST", url = ("https://127.0.0.1:%d/%d"):format(port, i), body = "x" }
         local ended = run(pool, request)
         assert.equal(200, ended.status, ended.message)
         wait_until_closed()
      end
      for i = 1, 20 do
         assert.equal("1\n", (server:ask("/seen/" .. i)))
      end
      pool:close()
   end)
end)
