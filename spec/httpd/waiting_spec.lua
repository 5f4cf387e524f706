local httpd = require "kenar.httpd"
local served = require "spec.support.served"
local wire = require "spec_wire"

local GET = "GET / HTTP/1.1\r\nHost: bot\r\n\r\n"

describe("kenar.httpd requests that wait for their answer", function()
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

   it("do not hold up others", function()
      site = served.open()
      local slow = site:client(GET)
      local slow_id = site:request()
      for i = 1, 3 do
         local quick = site:client(GET)
         local id = site:request()
         site.server:respond(id, 200, nil, "quick " .. i)
         assert.equal("quick " .. i, quick:response().body)
      end
      assert.equal("", slow.received)
      site.server:respond(slow_id, 200, nil, "slow")
      assert.equal("slow", slow:response().body)
   end)

   it("make the descriptor readable when they are answered: nobody has to remember to run the server", function()
      site = served.open()
      local client = site:client(GET)
      local id = site:request()
      site:settle()
      local fd = site.server:fd()
      assert.is_nil(wire.poll({ fd }, 0)[fd])
      site.server:respond(id, 200, nil, "ok")
      assert.is_true(wire.poll({ fd }, 0)[fd])
      assert.equal("ok", client:response().body)
      site:settle()
      assert.is_nil(wire.poll({ fd }, 0)[fd])
   end)

   it("are asked for again at once when they are answered within the turn", function()
      site = served.open()
      local client = site:client(GET)
      local id = site:drive(function()
         return (site.server:next())
      end)
      assert.is_true(site.server:respond(id, 200, nil, "ok"))
      assert.equal("ok", client:response().body)
   end)

   it("are answered in any order, also on a connection with a pipeline", function()
      site = served.open()
      local clients, ids = {}, {}
      for i = 1, 5 do
         clients[i] = site:client(GET .. GET)
         ids[i] = site:request()
      end
      for _, i in ipairs { 3, 1, 5, 2, 4 } do
         site.server:respond(ids[i], 200, nil, "first " .. i)
         assert.equal("first " .. i, clients[i]:response().body)
         local id = site:request()
         site.server:respond(id, 200, nil, "second " .. i)
         assert.equal("second " .. i, clients[i]:response().body)
      end
   end)

   for how, leave in pairs {
      ["closed"] = function(client) client:close() end,
      ["reset"] = function(client) client:reset() end,
   } do
      it("tell at the answer that the client has " .. how .. " its connection", function()
         site = served.open()
         local client = site:client(GET)
         local id = site:request()
         site:settle()
         leave(client)
         assert.is_false(site.server:respond(id, 200, nil, ("x"):rep(100000)))
         site:drive(function()
            return site.server:count() == 0
         end, "the connection to be gone")
         assert.is_false(site.server:respond(id, 200))
      end)
   end

   it("are dropped when the connection breaks before anybody took them", function()
      site = served.open()
      local client = site:client(GET)
      -- Run until the request is there, and do not take it.
      site:drive(function()
         local _, waiting = site.server:count()
         return waiting == 1
      end)
      client:reset()
      site:drive(function()
         return site.server:count() == 0
      end, "the connection to be gone")
      assert.is_nil((site.server:next()))
   end)

   it("survive a client that goes while a large answer is written (no SIGPIPE)", function()
      site = served.open()
      local client = site:client(GET)
      client.deaf = true
      local id = site:request()
      site.server:respond(id, 200, nil, ("x"):rep(16 * 1024 * 1024))
      site:settle()
      client:reset()
      site:drive(function()
         return site.server:count() == 0
      end, "the connection to be gone")
   end)

   describe("at the end", function()
      it("are answered 503 by close", function()
         site = served.open()
         local suspended, taken = site:client(GET), site:client(GET)
         local ids = { (site:request()), (site:request()) }
         site:settle()
         local untaken = site:client(GET)
         site:drive(function()
            local _, waiting = site.server:count()
            return waiting == 3
         end)
         local idle = site:client()
         site:drive(function()
            return site.server:count() == 4
         end)
         site.server:close()
         for _, client in ipairs { suspended, taken, untaken } do
            client:exchange()
            assert.truthy(client.received:match "^HTTP/1.1 503 Service Unavailable\r\n", client.received)
            assert.truthy(client.received:match "\r\nConnection: close\r\n", client.received)
            assert.equal("closed", client.ended)
         end
         idle:exchange()
         assert.equal("", idle.received)
         assert.truthy(idle.ended)
         for _, id in ipairs(ids) do
            assert.is_false(site.server:respond(id, 200))
         end
      end)

      it("get the answer that was given just before close", function()
         site = served.open()
         local one = site:client(GET)
         local first = site:request()
         site:settle()
         local two = site:client(GET)
         local second = site:request()
         site.server:respond(first, 200, nil, "suspended")
         site.server:respond(second, 200, nil, "not suspended")
         site.server:close()
         one:exchange()
         two:exchange()
         local bodies = { one.received:match "\r\n\r\n(.*)$", two.received:match "\r\n\r\n(.*)$" }
         table.sort(bodies)
         assert.same({ "not suspended", "suspended" }, bodies)
      end)

      it("are finished after stop_listening, and their connections then closed", function()
         site = served.open()
         local client = site:client(GET)
         local id = site:request()
         local port = site.server:port()
         site.server:stop_listening()
         site.server:stop_listening()
         local refused, message = wire.connect(port)
         assert.is_nil(refused)
         assert.equal("Connection refused", message)
         site.server:respond(id, 200, nil, "last")
         local response = client:response()
         assert.equal("last", response.body)
         assert.equal("close", response.headers.connection)
         assert.equal("closed", client:ending())
      end)

      it("make the port free for the next server", function()
         site = served.open()
         site:client(GET)
         site:request()
         local port = site.server:port()
         site:close()
         site = served.open { port = port }
         assert.equal(port, site.server:port())
      end)

      it("leave nothing when the server is collected while they wait", function()
         for _ = 1, 3 do
            local dying = served.open()
            local clients = {}
            for i = 1, 5 do
               clients[i] = dying:client(GET)
               dying:request()
            end
            dying:settle()
            clients[6] = dying:client(GET)
            dying:drive(function()
               local _, waiting = dying.server:count()
               return waiting == 6
            end)
            for _, client in ipairs(clients) do
               client.served = nil
            end
            dying = nil -- luacheck: ignore 311
            collectgarbage()
            collectgarbage()
            for _, client in ipairs(clients) do
               client.served = { clients = {} }
               client:exchange()
               assert.truthy(client.received:match "^HTTP/1.1 503 ", client.received)
               client:close()
            end
         end
      end)

      it("is quiet: a closed server answers every call", function()
         local server = httpd.server {}
         local port = server:port()
         server:close()
         server:close()
         server:stop_listening()
         assert.is_nil(server:fd())
         assert.is_nil(server:run())
         assert.is_nil(server:next())
         assert.is_false(server:respond(1, 200))
         assert.same({ 0, 0, 0 }, { server:count() })
         assert.equal(port, server:port())
         assert.equal("kenar.httpd.server (closed)", tostring(server))
      end)
   end)
end)
