local httpd = require "kenar.httpd"
local served = require "spec.support.served"
local wire = require "spec_wire"

local GET = "GET / HTTP/1.1\r\nHost: bot\r\n\r\n"

describe("kenar.httpd answers that break off", function()
   local site, fds

   before_each(function()
      fds = wire.count_fds()
      site = served.open()
   end)

   after_each(function()
      site:close()
      assert.equal(fds, wire.count_fds())
   end)

   -- A request that was taken within the turn in which it came, and one that has waited for longer.
   local waits = {
      ["at once"] = function()
         return (site:request())
      end,
      ["after a wait"] = function()
         local id = site:request()
         site:settle()
         return id
      end,
   }

   for when, take in pairs(waits) do
      for how, ending in pairs { close = "closed", reset = "reset" } do
         it(("%s the connection %s, without a byte"):format(how, when), function()
            local client = site:client(GET)
            local id = take()
            assert.is_true(site.server:abort(id, how))
            assert.equal(ending, client:ending())
            assert.equal("", client.received)
            site:drive(function()
               return site.server:count() == 0
            end, "the connection to be gone")
         end)
      end

      it("send the part of the body they were told to, then close, " .. when, function()
         local client = site:client(GET)
         assert.is_true(site.server:respond(take(), 200, { ["X-A"] = "1" }, "0123456789", { cut = 4 }))
         assert.equal("closed", client:ending())
         local head, body = client.received:match "^(.-\r\n)\r\n(.*)$"
         assert.truthy(head:find "^HTTP/1.1 200 OK\r\n")
         assert.truthy(head:find("\r\nContent-Length: 10\r\n", 1, true))
         assert.truthy(head:find("\r\nX-A: 1\r\n", 1, true))
         assert.equal("0123", body)
      end)
   end

   it("may send the header alone", function()
      local client = site:client(GET)
      site.server:respond(site:request(), 200, nil, "body", { cut = 0 })
      assert.equal("closed", client:ending())
      assert.truthy(client.received:find("\r\nContent-Length: 4\r\n", 1, true))
      assert.truthy(client.received:find "\r\n\r\n$")
   end)

   it("may be longer than a socket's buffers", function()
      local client = site:client(GET)
      local sent = 8 * 1024 * 1024 + 1
      site.server:respond(site:request(), 200, nil, ("x"):rep(sent + 1000), { cut = sent })
      assert.equal("closed", client:ending())
      assert.equal(sent, #client.received:match "\r\n\r\n(.*)$")
   end)

   it("end an orderly close even while the client goes on sending", function()
      local client = site:client(GET .. GET)
      local id = site:request()
      client:send(("x"):rep(1000))
      site:settle()
      site.server:abort(id, "close")
      assert.equal("closed", client:ending())
      assert.equal("", client.received)
   end)

   it("touch no other connection", function()
      local broken, other = site:client(GET), site:client "GET /other HTTP/1.1\r\nHost: bot\r\n\r\n"
      for _ = 1, 2 do
         local id, request = site:request()
         if request.path == "/other" then
            site.server:respond(id, 200, nil, "ok")
         else
            site.server:abort(id, "reset")
         end
      end
      assert.equal("reset", broken:ending())
      assert.equal("ok", other:response().body)
      assert.is_nil(other.ended)
   end)

   it("are told when the client has gone, or was answered before", function()
      local client = site:client(GET)
      local id = site:request()
      site:settle()
      client:close()
      assert.is_false(site.server:abort(id, "close"))
      assert.is_false(site.server:abort(id, "reset"))

      site:client(GET)
      id = site:request()
      site.server:respond(id, 200)
      assert.is_false(site.server:abort(id, "close"))
      assert.is_false(site.server:respond(id, 200, nil, "body", { cut = 1 }))
   end)

   it("are carried out also when the server is closed at once", function()
      local closing, breaking, cut = site:client(GET), site:client(GET), site:client(GET)
      local ids = { (site:request()), (site:request()), (site:request()) }
      site:settle()
      site.server:abort(ids[1], "close")
      site.server:abort(ids[2], "reset")
      site.server:respond(ids[3], 200, nil, "0123456789", { cut = 5 })
      site.server:close()
      local endings = {}
      for i, client in ipairs { closing, breaking, cut } do
         client:exchange()
         endings[i] = client.ended .. " " .. (client.received:match "\r\n\r\n(.*)$" or client.received)
      end
      table.sort(endings)
      assert.same({ "closed ", "closed 01234", "reset " }, endings)
   end)

   it("leave the next answer whole, though its bytes are the same", function()
      for _, cut in ipairs { 2, 4, false } do
         local client = site:client(GET)
         local id = site:request()
         site.server:respond(id, 200, nil, "0123456789", cut and { cut = cut } or nil)
         if cut then
            assert.equal("closed", client:ending())
            assert.equal(("0123456789"):sub(1, cut), client.received:match "\r\n\r\n(.*)$")
         else
            assert.equal("0123456789", client:response().body)
         end
      end
   end)

   it("raise when they make no sense, and the request can still be answered", function()
      local client = site:client(GET)
      local id = site:request()
      for _, cut in ipairs { -1, 4, 1.5, 1 / 0, "1" } do
         assert.has_error(function()
            site.server:respond(id, 200, nil, "body", { cut = cut })
         end)
      end
      assert.has_error(function()
         site.server:respond(id, 200, nil, nil, { cut = 0 })
      end)
      assert.has_error(function()
         site.server:abort(id, "halt")
      end)
      site.server:respond(id, 200, nil, "body", {})
      assert.equal("body", client:response().body)
   end)

   it("are refused by a closed server", function()
      local server = httpd.server {}
      server:close()
      assert.is_false(server:abort(1, "reset"))
   end)
end)
