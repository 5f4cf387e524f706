--- A bot in a location of a real nginx.

local demo = require "kenar.sandbox.demo"
local nginx = require "spec.support.nginx"
local resty_nginx = require "spec.support.resty_nginx"
local wire = require "spec_wire"

local message = resty_nginx.message

describe("kenar.resty.serve", function()
   if not nginx.is_installed() then
      pending "needs nginx and its Lua module"
      return
   end

   local server

   local function start(given)
      server = resty_nginx.start(given)
   end

   -- So many events whose handler does not wait that none of them has a task any more.
   local function be_quick()
      local connection = server:connect()
      for i = 1, 150 do
         assert.equal(200, (connection.post(message("quick " .. i))))
      end
      connection.close()
      assert.equal(150, #server:told("done", 150))
   end

   after_each(function()
      if server then
         server:stop()
         server = nil
      end
   end)

   describe("answers", function()
      it("an event 200 when it was handled", function()
         start()
         local body, status, head = server:post(message "m1")
         assert.equal(200, status)
         assert.equal("{}", body)
         assert.matches("Content%-Type: application/json\r\n", head)
         assert.equal(1, #server:told("done", 1))
      end)

      it("401 to another key, 404 to another path, 405 to another method, 400 to what is no JSON", function()
         start()
         local _, status = server.nginx:ask("/kenar/events", message "m1", "Authorization: wrong\r\n")
         assert.equal(401, status)
         assert.equal(404, select(2, server:post(message "m1", nil, "/kenar/other")))
         assert.equal(400, select(2, server:post "{"))
         local socket = assert(wire.connect(server.nginx.port))
         socket:send "GET /kenar/events?a=b HTTP/1.0\r\nAuthorization: secret\r\n\r\n"
         local answer = assert(socket:receive(65536, 10))
         socket:close()
         assert.matches("^HTTP/1.1 405 ", answer)
         assert.matches("\r\n[Aa]llow: POST\r\n", answer)
      end)

      it("the fallback page with Divar's own URL when its return_url fits into no header", function()
         start()
         for _, url in ipairs {
            "https://divar.ir/%0D%0Aset-cookie:%20a=b", "https://divar.ir/%00", "https://divar.ir/" .. ("x"):rep(3000),
         } do
            local socket = assert(wire.connect(server.nginx.port))
            socket:send(("GET /kenar/fallback?return_url=%s HTTP/1.0\r\n\r\n"):format(url))
            local answer = assert(socket:receive(65536, 10))
            socket:close()
            assert.matches("^HTTP/1.1 303 ", answer)
            assert.matches("\r\n[Ll]ocation: https://open%-platform%-redirect.divar.ir/completion\r\n", answer)
            assert.is_nil(answer:lower():find("set-cookie", 1, true))
         end
      end)

      it("a visit with the handler's URL, by the version header in either spelling", function()
         start()
         local visit = '{"post_token":"gZd7omnS","peer_id":"p"}'
         local function visit_it()
            assert.matches("/legacy", (server:post(visit)))
            assert.matches("/current", (server:post(visit, "API-Version: 2\r\n")))
            assert.matches("/current", (server:post(visit, "API_VERSION: 2\r\n")))
            assert.matches("/current", (server:post(visit, "api_version:2\r\n")))
            assert.matches("/legacy", (server:post(visit, "X-API_VERSION: 2\r\n")))
         end
         visit_it()
         be_quick()
         visit_it()
      end)

      it("a button that is late with the fallback, in time", function()
         start { bot = 'budget = 0.05, fallback = { url = "https://example.ir/late" }' }
         local press = '{"source":"CHAT","user_side":"Demand","extra_data":{"kenar_action":"slow"}}'
         assert.matches("https:\\?/\\?/example.ir\\?/late", (server:post(press)))
         be_quick()
         assert.matches("https:\\?/\\?/example.ir\\?/late", (server:post(press)))
      end)

      it("an event whose handler takes long before it is done, and the next one over the same connection", function()
         start()
         local connection = server:connect()
         assert.equal(200, (connection.post(message("m1", "hold"))))
         assert.same({}, server:told("done", 0))
         assert.equal(200, (connection.post(message "m2")))
         connection.close()
         server:release "m1"
         assert.same({ "m2", "m1" }, server:told("done", 2))
      end)

      it("events of one conversation in their order, though the first was answered early", function()
         start()
         assert.equal(200, select(2, server:post(message("m1", "hold", "c"))))
         assert.equal(200, select(2, server:post(message("m2", "x", "c"))))
         server:release "m1"
         assert.same({ "m1", "m2" }, server:told("done", 2))
      end)
   end)

   it("reads a body that nginx has put into a file", function()
      start { location = "client_body_buffer_size 1k;" }
      local text = ("x"):rep(100000)
      assert.equal(200, select(2, server:post(message("m1", text))))
      assert.same({ "m1" }, server:told("done", 1))
   end)

   it("takes no body that is larger than client_max_body_size", function()
      start { location = "client_max_body_size 1k;" }
      assert.equal(413, select(2, server:post(message("m1", ("x"):rep(2000)))))
      assert.equal(200, select(2, server:post(message "m2")))
   end)

   it("handles an event to its end whose client has gone away, also where nginx ends such requests", function()
      start { location = "lua_check_client_abort on;" }
      local socket = assert(wire.connect(server.nginx.port))
      local body = message("m1", "hold", "c")
      local head = "POST /kenar/events HTTP/1.0\r\nAuthorization: secret\r\nContent-Length: %d\r\n\r\n"
      socket:send(head:format(#body) .. body)
      assert.equal(1, #server:told("begun", 1))
      socket:close()
      server:post(message("m2", "x", "c"))
      server:release "m1"
      assert.same({ "m1", "m2" }, server:told("done", 2))
   end)

   it("stops using tasks when handlers do not wait, and begins again when one does", function()
      start()
      be_quick()
      -- The first one that waits is answered early, too, and keeps its connection from the next.
      local late = server:connect()
      local status, _, head = late.post(message("m1", "hold"))
      assert.equal(200, status)
      assert.matches("\r\nConnection: close\r\n", head)
      late.close()
      local connection = server:connect()
      assert.equal(200, (connection.post(message("m2", "hold"))))
      assert.equal(200, (connection.post(message "m3")))
      assert.equal("m3", server:told("done", 151)[151])
      server:release "m1"
      server:release "m2"
      connection.close()
      assert.equal(153, #server:told("done", 153))
   end)

   it("keeps nothing of a request that its handler ended, when the next one waits", function()
      start()
      be_quick()
      local connection = server:connect()
      assert.equal(200, (connection.post(message("m1", "exit"))))
      local status, _, head = connection.post(message("m2", "hold"))
      assert.equal(200, status)
      assert.matches("\r\nConnection: close\r\n", head)
      connection.close()
      server:release "m2"
      assert.equal("m2", server:told("done", 151)[151])
   end)

   it("notices a handler that waits by nginx's own functions after that wait", function()
      start()
      be_quick()
      local connection = server:connect()
      server:release "m1"
      assert.equal(200, (connection.post(message("m1", "hold_by_nginx"))))
      assert.equal(151, #server:told("done", 151))
      assert.equal(200, (connection.post(message("m2", "hold_by_nginx"))))
      assert.equal(151, #server:told("done", 151))
      server:release "m2"
      connection.close()
      assert.equal(152, #server:told("done", 152))
   end)

   it("loads neither libcurl, nor libmicrohttpd, nor SQLite", function()
      start {
         early = true,
         bot = 'store = "shdict:zone", app_slug = "s", oauth_secret = "s", public_url = "https://bot.example.ir"',
      }
      server:post(message("m1", "loaded"))
      server:told("done", 1)
      local names = {}
      for _, name in ipairs(server:told("loaded", 10)) do
         names[name] = true
      end
      assert.is_true(names["kenar.resty"] and names["kenar.core"])
      for name in pairs(names) do
         assert.is_nil(name:match "^kenar%.curl" or name:match "^kenar%.httpd" or name:match "^kenar%.sqlite", name)
      end
   end)

   describe("refuses with 503, and says in the log why,", function()
      local function refused(given)
         start(given)
         local _, status = server:post(message "m1")
         assert.equal(503, status)
         return server.nginx:log()
      end

      it("a key that is missing: which directive nginx needs", function()
         local log = refused { bot = 'identification_key = {}', main = "env KENAR_API_KEY;" }
         assert.matches("lacks identification_key: nginx hides the environment", log)
         assert.matches("`env KENAR_IDENTIFICATION_KEY;`", log)
      end)

      it("a store that would hold up the worker", function()
         assert.matches("the store sqlite: would hold up nginx's worker", refused { bot = 'store = "sqlite:bot.db"' })
      end)

      it("an inbox in a file", function()
         assert.matches('take ack = "early"', refused { bot = 'inbox = "sqlite:inbox.db"' })
      end)

      it("a shared dict that is not there", function()
         assert.matches("`lua_shared_dict nowhere 32m;`", refused { bot = 'store = "shdict:nowhere"' })
         server:stop()
         assert.matches("`lua_shared_dict nowhere 32m;`", refused { serve = 'ack = "early", zone = "nowhere"' })
      end)
   end)

   it("warns of a store that each of several workers has for itself", function()
      start { workers = 2 }
      server:post(message "m1")
      assert.matches("each of nginx's 2 workers its own", server.nginx:log())
   end)

   it("raises for wrong arguments", function()
      start { location = [[
         location = /wrong {
            content_by_lua_block {
               local serve = require("kenar.resty").serve
               local other = require("kenar").bot {}
               for _, arguments in ipairs {
                  { {} }, { other, { ackk = "early" } }, { other, { ack = "late" } }, { other, { ack = "early" } },
               } do
                  local _, why = pcall(serve, arguments[1], arguments[2])
                  ngx.say(why)
               end
            }
         }
      ]] }
      local told = server.nginx:ask "/wrong"
      assert.matches("expected what kenar.bot returns", told)
      assert.matches('unknown option "ackk"', told)
      assert.matches('ack: expected "early"', told)
      assert.matches("go together", told)
   end)

   it("plays the example bot's conversation with the same transcript as the demo's", function()
      local function normalised(transcript)
         return (transcript:gsub("127%.0%.0%.1:%d+", "ADDRESS"):gsub("[%d.]+ ms", "TIME ms")
            :gsub("%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x+", "ID"):gsub(" +", " "))
      end

      local function play(serve)
         local written = {}
         local happened = demo(dofile "examples/shop_bot.lua", {
            input = false, serve = serve,
            write = function(text)
               written[#written + 1] = text
            end,
         })
         return happened, normalised(table.concat(written))
      end

      local _, expected = play()
      local happened, transcript = play(function(_, _, settings)
         local lines = {}
         for name, value in pairs(settings) do
            lines[#lines + 1] = ("%s = %q"):format(name, tostring(value))
         end
         local other = nginx.start {
            workers = 2, values = { settings = table.concat(lines, ", ") },
            http = [[
               lua_shared_dict zone 4m;
               init_by_lua_block { bot = dofile "$root/examples/shop_bot.lua" }
            ]],
            server = [[
               location /kenar {
                  content_by_lua_block {
                     require("kenar.resty").serve(bot, { overrides = { store = "shdict:zone", $settings } })
                  }
               }
            ]],
         }
         return { url = other.url, close = function() other:stop() end }
      end)
      assert.is_true(happened, transcript)
      assert.equal(expected, transcript)
   end)
end)
