local fault_server = require "spec.support.fault_server"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local kenar = require "kenar"
local loop = require "kenar.host.loop"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local KEYS = { api_key = "key-1", identification_key = "k" }

local function bot_at(prefix, options)
   local given = { prefix = prefix, api_key = KEYS.api_key, identification_key = KEYS.identification_key }
   for name, value in pairs(options or {}) do
      given[name] = value
   end
   return kenar.bot(given)
end

-- Serves the bots, lets `visit(host, port)` talk to them, and stops the server as a person would.
local function serve(bots, visit, options)
   local host = loop.new {}
   local given = { host = host, port = 0, overrides = { log_level = "error" } }
   for name, value in pairs(options or {}) do
      given[name] = value
   end
   local went_well, problem
   function given.on_listening(port)
      host.spawn(function()
         went_well, problem = pcall(visit, host, port)
         local file = assert(io.open "/proc/self/stat")
         os.execute("kill -TERM " .. file:read "*n")
         file:close()
      end)
   end
   local ok, message = kenar.serve(bots, given)
   assert(went_well, problem)
   return ok, message
end

local function post(host, port, path, key)
   return assert(host.request {
      method = "POST", url = ("http://127.0.0.1:%d%s"):format(port, path), timeout = 5,
      headers = { authorization = key or "k", ["content-type"] = "application/json" },
      body = fixture.bytes "in.new_chatbot_message.text",
   })
end

describe("kenar.serve", function()
   it("answers over HTTP and returns true after SIGTERM", function()
      local bot, heard, statuses = bot_at "/kenar", nil, {}
      bot:on("chatbot", function(ctx) heard = ctx.text end)
      assert.is_true(serve({ bot }, function(host, port)
         statuses[1] = post(host, port, "/kenar/events").status
         statuses[2] = post(host, port, "/kenar/events", "wrong").status
      end))
      assert.equal("hello world", heard)
      assert.same({ 200, 401 }, statuses)
   end)

   it("answers the fallback page whatever its return_url holds, and writes no traceback", function()
      local fits = "https://divar.ir/" .. ("x"):rep(2048 - 17)
      local answers = {}
      assert.is_true(serve({ bot_at "/kenar" }, function(host, port)
         for i, back in ipairs {
            fits, fits .. "x", "https://divar.ir/%0D%0Aset-cookie:%20a=b", "https://divar.ir/%00",
         } do
            local url = ("http://127.0.0.1:%d/kenar/fallback?return_url=%s"):format(port, back)
            local res = assert(host.request { method = "GET", url = url, timeout = 5 })
            answers[i] = { res.status, res.headers.location, res.headers["set-cookie"] }
         end
      end))
      local to_divar = { 303, "https://open-platform-redirect.divar.ir/completion" }
      assert.same({ { 303, fits }, to_divar, to_divar, to_divar }, answers)
   end)

   it("gives each of several bots the requests below its prefix", function()
      local heard, statuses = {}, {}
      local function named(prefix)
         return bot_at(prefix):on("chatbot", function() heard[#heard + 1] = prefix end)
      end
      assert.is_true(serve({ named "/shop", named "/shop/cars", named "/help" }, function(host, port)
         for index, path in ipairs { "/shop/events", "/shop/cars/events", "/help", "/other" } do
            statuses[index] = post(host, port, path).status
         end
      end))
      assert.same({ "/shop", "/shop/cars", "/help" }, heard)
      assert.same({ 200, 200, 200, 404 }, statuses)
   end)

   it("answers an event whose handler is still at work after 0.4 s, and the handler goes on", function()
      local path = "/v1/open-platform/chat/bot/conversations/slow/messages"
      local divar = fault_server.start {
         [path] = function(connection)
            connection:pause(2)
            connection:answer(200, { ["content-type"] = "application/json" }, "{}")
         end,
      }
      finally(function() divar:stop() end)
      local order, is_waiting = {}, false
      local bot = bot_at("/kenar", { base_url = divar.url })
      bot:on("chatbot", function(ctx)
         is_waiting = true
         assert(ctx.client:send_bot_message("slow", "سلام"))
         order[#order + 1] = "Divar answered"
      end)
      bot:on("unknown", function() end)
      assert.is_true(serve({ bot }, function(host, port)
         local waiting = host.spawn(function()
            local status = post(host, port, "/kenar").status
            order[#order + 1] = "slow " .. status
         end)
         repeat assert(host.sleep(0.005)) until is_waiting
         local res = assert(host.request {
            method = "POST", url = ("http://127.0.0.1:%d/kenar"):format(port), timeout = 5,
            headers = { authorization = "k" }, body = fixture.bytes "in.unknown_event",
         })
         order[#order + 1] = "other " .. res.status
         waiting:wait(5)
         repeat assert(host.sleep(0.005)) until order[3]
      end))
      assert.same({ "other 200", "slow 200", "Divar answered" }, order)
   end)

   it("finishes running handlers before it returns", function()
      local bot, entered, finished, status, served = bot_at "/kenar", false, false, nil, nil
      bot:on("chatbot", function()
         entered = true
         served.sleep(0.2)
         finished = true
      end)
      assert.is_true(serve({ bot }, function(host, port)
         served = host
         host.spawn(function() status = post(host, port, "/kenar").status end)
         repeat host.sleep(0.005) until entered
      end))
      assert.is_true(finished)
      assert.equal(200, status)
   end)

   it("runs ctx:after when the answer has left, whatever that costs", function()
      local bot, client, seen = bot_at "/kenar", nil, nil
      bot:on("chatbot", function(ctx)
         ctx:after(function() seen = client:receive(65536, 0.2) or "nothing" end)
      end)
      assert.is_true(serve({ bot }, function(host, port)
         local body = fixture.bytes "in.new_chatbot_message.text"
         client = assert(wire.connect(port))
         client:send(("POST /kenar HTTP/1.1\r\nHost: x\r\nAuthorization: k\r\nContent-Length: %d\r\n\r\n%s")
            :format(#body, body), 1)
         repeat assert(host.sleep(0.005)) until seen
         client:close()
      end))
      assert.matches("^HTTP/1.1 200 OK", seen)
   end)

   it("finishes handlers of answered events before it returns", function()
      local bot, done = bot_at "/kenar", {}
      bot:on("chatbot", function(ctx)
         ctx:after(function()
            ctx.bot.host.sleep(0.2)
            done.after = true
         end)
      end)
      bot:catch(function(err) done.caught = err.kind end)
      bot:dynamic_action("slow", function(ctx)
         ctx.bot.host.sleep(0.3)
         done.late = true
      end)
      assert.is_true(serve({ bot }, function(host, port)
         post(host, port, "/kenar")
         local res = assert(host.request {
            method = "POST", url = ("http://127.0.0.1:%d/kenar"):format(port), timeout = 5,
            headers = { authorization = "k" },
            body = [[{"touchpoint": "CHAT", "conversation_id": "c", "extra_data": {"kenar_action": "slow"}}]],
         })
         assert(res.status == 200)
      end, { overrides = { log_level = "error", budget = 0.05 } }))
      assert.same({ after = true, late = true, caught = "timeout" }, done)
   end)

   it("ends handlers that still run at the deadline", function()
      local bot, ended, entered = bot_at "/kenar", nil, false
      bot:on("chatbot", function(ctx)
         entered = true
         local slept, reason = ctx.bot.host.sleep(60)
         ended = slept or reason
      end)
      assert.is_true(serve({ bot }, function(host, port)
         host.spawn(host.request, {
            method = "POST", url = ("http://127.0.0.1:%d/kenar"):format(port), timeout = 5,
            headers = { authorization = "k" }, body = fixture.bytes "in.new_chatbot_message.text",
         })
         repeat host.sleep(0.005) until entered
      end, { stop_deadline = 0.1 }))
      assert.equal("closed", ended)
   end)

   it("keeps events that were not handled in the inbox, in their order, for the next start", function()
      local folder = scratch.new()
      finally(function() folder:remove() end)
      local inbox, heard = "sqlite:" .. folder:file "inbox.db", {}
      local function say(host, port, id)
         return assert(host.request {
            method = "POST", url = ("http://127.0.0.1:%d/kenar"):format(port), timeout = 5,
            headers = { authorization = "k" }, body = assert(json.encode {
               type = "NEW_CHATBOT_MESSAGE", new_chatbot_message = {
                  id = id, conversation = { id = "c1", type = "BOT" }, sender = { type = "HUMAN" }, type = "TEXT",
                  text = id,
               },
            }),
         }).status
      end
      local bot, statuses = bot_at("/kenar", { inbox = inbox }), {}
      bot:on("chatbot", function(ctx)
         heard[#heard + 1] = ctx.id .. " begins"
         assert(ctx.bot.host.sleep(60), "broken off")
      end)
      bot:catch(function() end)
      assert.is_true(serve({ bot }, function(host, port)
         for number = 1, 3 do
            statuses[number] = say(host, port, "m" .. number)
         end
         repeat host.sleep(0.005) until heard[1]
      end, { stop_deadline = 0.1 }))
      assert.same({ 200, 200, 200 }, statuses)
      local again = bot_at("/kenar", { inbox = inbox })
      again:on("chatbot", function(ctx) heard[#heard + 1] = ctx.id end)
      assert.is_true(serve({ again }, function(host)
         repeat host.sleep(0.005) until heard[4] or host.closing()
      end))
      assert.same({ "m1 begins", "m1", "m2", "m3" }, heard)
   end)

   it("says that two bots have one inbox", function()
      local folder = scratch.new()
      finally(function() folder:remove() end)
      local inbox = "sqlite:" .. folder:file "inbox.db"
      local ok, message = kenar.serve({ bot_at("/a", { inbox = inbox }), bot_at("/b", { inbox = inbox }) },
         { port = 0, host = loop.new {} })
      assert.is_nil(ok)
      assert.matches("inbox%.db: process %d+ works on this inbox already; each bot needs an inbox of its own$", message)
   end)

   it("says which key is missing, and under which names it can be given", function()
      local ok, message = kenar.serve({ bot_at("/kenar", { api_key = "" }) }, { port = 0, host = loop.new {} })
      assert.is_nil(ok)
      assert.equal("kenar.bot lacks api_key (or KENAR_API_KEY)", message)
      ok, message = kenar.serve({ bot_at("/kenar", { identification_key = "", name = "shop" }) },
         { port = 0, host = loop.new {} })
      assert.is_nil(ok)
      assert.equal("kenar.bot shop lacks identification_key (or KENAR_IDENTIFICATION_KEY)", message)
   end)

   it("says which store does not open", function()
      local ok, message = kenar.serve({ bot_at("/kenar", { store = "sqlite:/no/such/bot.db" }) },
         { port = 0, host = loop.new {} })
      assert.is_nil(ok)
      assert.equal("store: /no/such/bot.db: unable to open database file (SQLITE_CANTOPEN)", message)
   end)

   it("names the address when the port is taken", function()
      assert.is_true(serve({ bot_at "/kenar" }, function(_, port)
         local ok, message = kenar.serve({ bot_at "/kenar" }, { port = port, host = loop.new {} })
         assert.is_nil(ok)
         assert.matches("127%.0%.0%.1.*" .. port, message)
      end))
   end)

   it("raises for wrong arguments", function()
      local bot = bot_at "/kenar"
      assert.error_matches(function() kenar.serve(bot) end, "expected a list of bots")
      assert.error_matches(function() kenar.serve {} end, "at least one bot")
      assert.error_matches(function() kenar.serve { 5 } end, "bot 1: expected what kenar.bot returns, got number")
      assert.error_matches(function() kenar.serve { bot, bot_at "/kenar/" } end, "two bots listen below")
      assert.error_matches(function() kenar.serve({ bot }, { prot = 1 }) end, 'unknown option "prot"')
   end)
end)
