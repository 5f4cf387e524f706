local command = require "spec.support.command"
local json = require "kenar.json"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

describe("kenar sandbox", function()
   local started, descriptors

   local function start(...)
      local process = command.start(...)
      started[#started + 1] = process
      return process
   end

   local function call(port, path, value)
      local status, body = command.answer(command.post(port, path, {}, assert(json.encode(value))))
      return status, assert(json.decode(body))
   end

   before_each(function()
      started = {}
      descriptors = wire.count_fds()
   end)

   after_each(function()
      for _, process in ipairs(started) do
         process:close()
      end
      assert.equal(descriptors, wire.count_fds())
   end)

   it("prints the settings with which a bot talks to it", function()
      local sandbox = start { "sandbox", "--port", "0" }
      local url, bot_url = sandbox:expect "sandbox on (http://127%.0%.0%.1:%d+), the bot expected on (%S+)\n"
      assert.equal("http://127.0.0.1:8080/kenar", bot_url)
      assert.same({ url, url, url, "http://127.0.0.1:8080" }, { sandbox:expect("KENAR_BASE_URL=(%S+) KENAR_API_KEY=%S+ "
         .. "KENAR_IDENTIFICATION_KEY=%S+ KENAR_OAUTH_URL=(%S+) KENAR_UPLOAD_URL=(%S+) KENAR_APP_SLUG=sandbox%-app "
         .. "KENAR_OAUTH_SECRET=%S+ KENAR_PUBLIC_URL=(%S+) kenar run") })
      sandbox:expect "the `id` in the first call's answer is the conversation_id of the second%."
   end)

   it("serves a page, and has a chat with the bot and one about a post to begin with", function()
      local sandbox = start { "sandbox", "--port", "0" }
      local port = tonumber((sandbox:expect "Open http://127%.0%.0%.1:(%d+)/ in a browser"))
      local status, saved = call(port, "/sandbox/acts", { act = "check" })
      assert.equal(200, status)
      assert.truthy(saved.problem:find "the bot did not answer")
      local chat
      status, chat = call(port, "/sandbox/chatbots", { user = "customer" })
      assert.same({ 200, "BOT" }, { status, chat.type })
   end)

   it("keeps its state in a file", function()
      local folder = scratch.new()
      local path = folder:file "state.json"
      local first = start { "sandbox", "--port", "0", "--state", path }
      local port = tonumber((first:expect "Open http://127%.0%.0%.1:(%d+)/"))
      local _, chat = call(port, "/sandbox/chatbots", { user = "سارا" })
      call(port, "/sandbox/acts", { act = "say", conversation_id = chat.id, side = "USER", text = "سلام" })
      first:signal "TERM"
      assert.equal(0, first:wait())
      local second = start { "sandbox", "--port", "0", "--state", path }
      port = tonumber((second:expect "Open http://127%.0%.0%.1:(%d+)/"))
      local _, again = call(port, "/sandbox/chatbots", { user = "سارا" })
      assert.same({ chat.id, "سلام" }, { again.id, again.messages[1].text })
      folder:write("state.json", "{}")
      local status, output = command.run { "sandbox", "--port", "0", "--state", path }
      assert.equal(65, status)
      assert.truthy(output:find("state.json: not a saved state: count: is required", 1, true), output)
      folder:write("state.json", '{"format":"kenar-sandbox-1","count":1.5,"user_count":0}')
      status, output = command.run { "sandbox", "--port", "0", "--state", path }
      assert.equal(65, status)
      assert.truthy(output:find("state.json: not a saved state: count: expected a whole number", 1, true), output)
      folder:remove()
   end)

   it("goes on after SIGHUP, and says so once", function()
      local sandbox = start { "sandbox", "--port", "0" }
      local port = tonumber((sandbox:expect "Open http://127%.0%.0%.1:(%d+)/"))
      sandbox:signal "HUP"
      sandbox:expect "SIGHUP is ignored; Ctrl%-C or SIGTERM stops the sandbox\n"
      sandbox:signal "HUP"
      assert.equal(200, (call(port, "/sandbox/chatbots", { user = "customer" })))
      sandbox:signal "TERM"
      assert.equal(0, sandbox:wait())
      assert.equal(1, select(2, sandbox.output:gsub("SIGHUP is ignored", "")))
   end)

   it("says that the port is taken", function()
      local listener = assert(wire.listen())
      local status, output = command.run { "sandbox", "--port", tostring(listener:port()) }
      local taken = listener:port()
      listener:close()
      assert.equal(69, status)
      assert.truthy(output:find(tostring(taken), 1, true))
      assert.truthy(output:find("--port", 1, true))
   end)

   it("says what is wrong with the bot's URL", function()
      local status, output = command.run { "sandbox", "--port", "0", "--bot", "127.0.0.1:8080" }
      assert.equal(64, status)
      assert.truthy(output:find('--bot: expected a URL such as http://127.0.0.1:8080/events, got "127.0.0.1:8080"', 1,
         true), output)
      for option, message in pairs {
         ["--events-url"] = '--events-url: expected a URL such as http://127.0.0.1:8080/events, got "ftp://x/?a"',
         ["--redirect-url"] = '--redirect-url: expected a URL such as http://127.0.0.1:8080/events, got "ftp://x/?a"',
      } do
         status, output = command.run { "sandbox", "--port", "0", option, "ftp://x/?a" }
         assert.equal(64, status)
         assert.truthy(output:find(message, 1, true), output)
      end
      status, output = command.run { "sandbox", "--port", "0", "--redirect-url", "http://127.0.0.1/back?a=b" }
      assert.equal(64, status)
      assert.truthy(output:find("a redirect URL has no query, such data belong into state", 1, true), output)
   end)

   it("lets in an app whose paths are not those of a kenar bot: each field of the panel has an option", function()
      local sandbox = start {
         "sandbox", "--port", "0", "--bot", "http://127.0.0.1:1/kenar/", "--events-url", "http://127.0.0.1:2/webhook/",
         "--action-url", "http://127.0.0.1:3/do?app=1", "--redirect-url", "http://127.0.0.1:4/back",
         "--redirect-url", "http://localhost:4/back",
      }
      local port = tonumber((sandbox:expect "sandbox on http://127%.0%.0%.1:(%d+), the app expected on\n"))
      sandbox:expect "events +http://127%.0%.0%.1:2/webhook/\n"
      sandbox:expect "redirect +http://localhost:4/back\n"
      local status, body = command.answer(command.get(port, "/sandbox/state"))
      assert.equal(200, status)
      local state = assert(json.decode(body))
      assert.same({
         events = "http://127.0.0.1:2/webhook/", session = "http://127.0.0.1:1/kenar/session",
         action = "http://127.0.0.1:3/do?app=1", fallback = "http://127.0.0.1:1/kenar/fallback",
      }, state.urls)
      assert.same({ "http://127.0.0.1:4/back", "http://localhost:4/back" }, state.app.redirect_uris)
   end)

   it("refuses to listen where others could reach it", function()
      local status, output = command.run { "sandbox", "--address", "0.0.0.0" }
      assert.equal(69, status)
      assert.truthy(output:find("loopback", 1, true))
   end)

   it("fails as its flags say, by the seed it prints, and shows it", function()
      local sandbox = start {
         "sandbox", "--port", "0", "--seed", "7", "--fault", "at=send_bot_message,status=429,retry_after=2",
         "--fault", "at=send_bot_message,kinds=drop+half,rate=1",
      }
      local port = tonumber((sandbox:expect "KENAR_BASE_URL=http://127%.0%.0%.1:(%d+) KENAR_API_KEY"))
      sandbox:expect "2 faults, drawn with %-%-seed 7\n"
      local path = "/v1/open-platform/chat/bot/conversations/none/messages"
      assert.equal(429, (command.answer(command.post(port, path, {}, "{}"))))
      local socket = command.post(port, path, {}, "{}")
      local received = ""
      local bytes, ended = socket:receive()
      while bytes do
         received = received .. bytes
         bytes, ended = socket:receive()
      end
      socket:close()
      assert.equal("closed", ended)
      local announced, body = tonumber(received:match "Content%-Length: (%d+)"), received:match "\r\n\r\n(.*)$"
      assert.is_true(received == "" or #body < announced, received)
      sandbox:expect "fault: 429, Retry%-After 2\n"
      sandbox:expect(received == "" and "fault: drop\n" or "fault: half\n")
   end)

   it("says what is wrong with a fault or a seed", function()
      for fault, message in pairs {
         ["at=send_bot_message"] = "a fault needs a status, a kind or a delay",
         ["at=*,kind=tls"] = "kind = tls",
         ["at=*,speed=3"] = 'unknown field "speed" of a fault',
      } do
         local status, output = command.run { "sandbox", "--port", "0", "--fault", fault }
         assert.equal(64, status)
         assert.truthy(output:find(message, 1, true), output)
         assert.truthy(output:find("at=webhook,kinds=duplicate+reorder", 1, true), output)
      end
      local status, output = command.run { "sandbox", "--port", "0", "--seed", "-1" }
      assert.equal(64, status)
      assert.truthy(output:find("--seed", 1, true))
   end)

   it("assumes what its command line says", function()
      local sandbox = start {
         "sandbox", "--port", "0", "--assume", "refusals.missing_key.status=418", "--assume", "legacy.endpoints=gone",
      }
      local port = tonumber((sandbox:expect "KENAR_BASE_URL=http://127%.0%.0%.1:(%d+) KENAR_API_KEY"))
      local status = call(port, "/v1/open-platform/events/subscriptions", {})
      assert.equal(418, status)
      status = call(port, "/v2/open-platform/chat/conversation", {})
      assert.equal(404, status)
   end)

   it("says what is wrong with an assumption, and lists those that there are", function()
      for assumption, message in pairs {
         ["deliveries.sesion=legacy"] = "--assume deliveries.sesion=legacy: unknown assumption deliveries.sesion; "
            .. "did you mean deliveries.session?",
         ["oauth.denial=never"] = '--assume oauth.denial=never: oauth.denial: expected error or bare, got "never"',
      } do
         local status, output = command.run { "sandbox", "--port", "0", "--assume", assumption }
         assert.equal(64, status)
         assert.truthy(output:find(message, 1, true), output)
         assert.truthy(output:find("kenar sandbox --list-assumptions", 1, true), output)
      end
      local status, output = command.run { "sandbox", "--list-assumptions" }
      assert.equal(0, status)
      assert.truthy(output:find("deliveries%.session=current +%(or legacy%)\n"), output)
   end)

   it("lets a person talk to a bot that `kenar run` serves with those settings, and shows it", function()
      local bot_port = wire.free_port()
      local sandbox = start { "sandbox", "--port", "0", "--bot", ("http://127.0.0.1:%d/kenar"):format(bot_port) }
      local base_url, api_key, identification_key =
         sandbox:expect "KENAR_BASE_URL=(%S+) KENAR_API_KEY=(%S+) KENAR_IDENTIFICATION_KEY=(%S+) "
      local port = tonumber(base_url:match "%d+$")
      local bot = start({ "run", "--port", tostring(bot_port), "examples/shop_bot.lua" }, {
         KENAR_BASE_URL = base_url, KENAR_API_KEY = api_key, KENAR_IDENTIFICATION_KEY = identification_key,
      })
      bot:expect "serving"

      local status, chat = call(port, "/sandbox/chatbots", { user = "customer" })
      assert.equal(200, status)
      local act
      status, act = call(port, "/sandbox/acts", {
         act = "say", conversation_id = chat.id, side = "USER", text = "قیمت",
      })
      assert.equal(200, status)
      assert.is_nil(act.problem)
      local messages = act.conversation.messages
      assert.equal("قیمت: ۱۲٬۵۰۰٬۰۰۰ تومان", messages[#messages].text)

      sandbox:expect "customer +قیمت\n"
      sandbox:expect "bot %-> Divar +POST /v1/open%-platform/chat/bot/conversations/%S+/messages  200"
      sandbox:expect "bot +قیمت: ۱۲٬۵۰۰٬۰۰۰ تومان\n"
      sandbox:expect "Divar %-> bot +POST /kenar/events  200"

      for _, process in ipairs(started) do
         process:signal "INT"
         assert.equal(0, process:wait())
      end
   end)
end)
