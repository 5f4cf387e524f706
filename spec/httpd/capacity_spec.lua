local served = require "spec.support.served"
local wire = require "spec_wire"

local GET = "GET / HTTP/1.1\r\nHost: bot\r\n\r\n"

describe("kenar.httpd connections", function()
   local site, fds

   before_each(function()
      fds = wire.count_fds()
   end)

   after_each(function()
      site:close()
      assert.equal(fds, wire.count_fds())
   end)

   it("are served 500 at once, each with its own answer", function()
      site = served.open()
      local waiting, clients = {}, {}
      site.handle = function(request, id)
         waiting[#waiting + 1] = { id = id, body = request.path }
      end
      for i = 1, 500 do
         clients[i] = site:client(("GET /%d HTTP/1.1\r\nHost: b\r\n\r\n"):format(i))
      end
      site:drive(function()
         return #waiting == 500
      end, "500 requests at once")
      local open, unanswered = site.server:count()
      assert.same({ 500, 500 }, { open, unanswered })
      for _, request in ipairs(waiting) do
         assert.is_true(site.server:respond(request.id, 200, nil, request.body))
      end
      for i, client in ipairs(clients) do
         assert.equal("/" .. i, client:response().body)
      end
   end)

   it("beyond the cap take the place of the one that has been idle longest", function()
      site = served.open { max_connections = 3 }
      site.handle = function()
         return { body = "ok" }
      end
      local clients = {}
      for i = 1, 3 do
         clients[i] = site:client(GET)
         clients[i]:response()
      end
      clients[1]:send(GET)
      clients[1]:response() -- now the second has been idle longest
      local newcomer = site:client(GET)
      assert.equal("ok", newcomer:response().body)
      assert.equal("closed", clients[2]:ending())
      assert.is_nil(clients[1].ended)
      assert.is_nil(clients[3].ended)
      assert.equal(3, (site.server:count()))
   end)

   it("that never said anything make room as well", function()
      site = served.open { max_connections = 2 }
      site.handle = function()
         return { body = "ok" }
      end
      local silent = { site:client(), site:client() }
      site:settle()
      assert.equal(2, (site.server:count()))
      assert.equal("ok", site:client(GET):response().body)
      assert.equal("closed", silent[1]:ending())
      assert.is_nil(silent[2].ended)
   end)

   it("at the cap stay while nobody wants their place", function()
      site = served.open { max_connections = 2 }
      site.handle = function()
         return { body = "ok" }
      end
      local one, two = site:client(GET), site:client(GET)
      one:response()
      two:response()
      site:settle()
      assert.is_nil(one.ended)
      assert.is_nil(two.ended)
   end)

   it("beyond the cap wait when none is idle, and are served when one is", function()
      site = served.open { max_connections = 2 }
      local first, second = site:client(GET), site:client(GET)
      local first_id, second_id = site:request(), site:request()
      local newcomer = site:client(GET)
      site:settle()
      assert.is_nil((site.server:next()))
      assert.equal("", newcomer.received)
      site.server:respond(second_id, 200, nil, "second")
      assert.equal("second", second:response().body)
      local id = site:request()
      site.server:respond(id, 200, nil, "newcomer")
      assert.equal("newcomer", newcomer:response().body)
      assert.equal("closed", second:ending())
      site.server:respond(first_id, 200, nil, "first")
      assert.equal("first", first:response().body)
   end)

   it("beyond the cap are served when another leaves", function()
      site = served.open { max_connections = 1 }
      local busy = site:client "POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nx"
      site:settle()
      local newcomer = site:client(GET)
      site:settle()
      assert.is_nil((site.server:next()))
      busy:close()
      local id = site:request()
      site.server:respond(id, 200, nil, "newcomer")
      assert.equal("newcomer", newcomer:response().body)
   end)

   it("far beyond the cap are all served", function()
      site = served.open { max_connections = 8 }
      site.handle = function(request)
         return { body = request.path }
      end
      local clients = {}
      for i = 1, 200 do
         clients[i] = site:client(("GET /%d HTTP/1.1\r\nHost: b\r\n\r\n"):format(i))
      end
      for i, client in ipairs(clients) do
         assert.equal("/" .. i, client:response().body)
         assert.is_true(site.server:count() <= 8)
      end
   end)

   it("leave nothing behind when clients come and go", function()
      site = served.open()
      site.handle = function()
         return { body = "ok" }
      end
      for round = 1, 3 do
         local before = wire.count_fds()
         for i = 1, 50 do
            local client = site:client(GET)
            client:response()
            if i % 2 == 0 then
               client:reset()
            else
               client:close()
            end
         end
         site:drive(function()
            return site.server:count() == 0
         end, "all to be gone in round " .. round)
         assert.equal(before, wire.count_fds())
      end
   end)
end)
