local bot_file = require "spec.support.bot_file"
local command = require "spec.support.command"
local json = require "kenar.json"
local prometheus = require "spec.support.prometheus"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local keys = { KENAR_API_KEY = "the-api-key", KENAR_IDENTIFICATION_KEY = "the-identification-key" }
local authorization = { authorization = "the-identification-key" }

local click = [[{"touchpoint": "CHAT", "conversation_id": "c1", "extra_data": {"kenar_action": "ask"}}]]
local message = [[{"type": "NEW_CHATBOT_MESSAGE", "new_chatbot_message": {"id": "m1",
   "conversation": {"id": "c1", "type": "BOT"}, "sender": {"type": "HUMAN"}, "type": "TEXT", "text": "hello"}}]]

describe("kenar run", function()
   local running, descriptors

   before_each(function()
      descriptors = wire.count_fds()
   end)

   local function start(path, environment, ...)
      running = command.start({ "run", "--port", "0", path, ... }, environment or keys)
      return tonumber((running:expect "http://127%.0%.0%.1:(%d+)\n"))
   end

   after_each(function()
      if running then
         running:close()
         running = nil
      end
      bot_file.clean()
      assert.equal(descriptors, wire.count_fds())
   end)

   describe("says what is wrong with the bot file", function()
      it("when it is not there", function()
         local status, output = command.run({ "run", "nothing/here.lua" }, keys)
         assert.equal(66, status)
         assert.equal("kenar: nothing/here.lua: No such file or directory\n", output)
      end)

      it("when it is a folder", function()
         local status, output = command.run({ "run", "spec" }, keys)
         assert.equal(66, status)
         assert.equal("kenar: spec: Is a directory\n", output)
      end)

      it("when it is not Lua, with the line", function()
         local path = bot_file.write "local kenar = require 'kenar'\nlocal bot =\nreturn bot\n"
         local status, output = command.run({ "run", path }, keys)
         assert.equal(65, status)
         assert.equal(("kenar: %s:3: "):format(path), output:sub(1, #path + 11))
      end)

      it("when it raises, with the line", function()
         local path = bot_file.write "local kenar = require 'kenar'\nlocal bot = kenar.bot { api_ky = 'x' }\nreturn bot"
         local status, output = command.run({ "run", path }, keys)
         assert.equal(65, status)
         assert.equal(("kenar: %s:2: unknown option \"api_ky\"\n"):format(path), output)
      end)

      it("when its last call raises, which leaves no line", function()
         local path = bot_file.write "return require('kenar').bot { api_ky = 'x' }\n"
         local status, output = command.run({ "run", path }, keys)
         assert.equal(65, status)
         assert.equal(("kenar: %s: unknown option \"api_ky\"\n"):format(path), output)
      end)

      it("when it returns no bot", function()
         for source, got in pairs { [""] = "nothing", ["return {}"] = "a value of type table" } do
            local path = bot_file.write(source)
            local status, output = command.run({ "run", path }, keys)
            assert.equal(65, status)
            assert.truthy(output:find(("kenar: %s returned %s, not a bot\n"):format(path, got), 1, true))
            assert.truthy(output:find("\n  A bot file ends by returning", 1, true))
         end
      end)
   end)

   it("names the key that is missing, its option, its variable and where Divar shows it", function()
      local path = bot_file.write "return require('kenar').bot { identification_key = 'k' }"
      local status, output = command.run { "run", path }
      assert.equal(78, status)
      assert.truthy(output:find(path .. " has no api_key\n", 1, true))
      assert.truthy(output:find("kenar.bot { api_key = ... }, or set KENAR_API_KEY", 1, true))
      assert.truthy(output:find("Kenar panel", 1, true))
   end)

   it("does not serve a bot to which everybody would be Divar", function()
      local status, output = command.run({ "run", "examples/shop_bot.lua" }, { KENAR_API_KEY = "k" })
      assert.equal(78, status)
      assert.truthy(output:find("has no identification_key\n", 1, true))
      assert.truthy(output:find("KENAR_IDENTIFICATION_KEY", 1, true))
   end)

   it("says which variable holds a value that cannot be", function()
      local status, output = command.run({ "run", "examples/shop_bot.lua" }, { KENAR_BASE_URL = "localhost:9" })
      assert.equal(78, status)
      assert.truthy(output:find("KENAR_BASE_URL", 1, true))
   end)

   it("says which store does not open, and where it is named", function()
      local status, output = command.run({ "run", "examples/shop_bot.lua" }, {
         KENAR_API_KEY = "k", KENAR_IDENTIFICATION_KEY = "k", KENAR_STORE = "sqlite:/no/such/bot.db",
      })
      assert.equal(74, status)
      assert.equal("kenar: store: /no/such/bot.db: unable to open database file (SQLITE_CANTOPEN)\n"
         .. "  The option store, or KENAR_STORE, names the store; inbox, or KENAR_INBOX, the inbox.\n", output)
   end)

   it("says that the port is taken, and by which option to take another", function()
      local listener = assert(wire.listen())
      local taken = listener:port()
      local status, output = command.run({ "run", "--port", tostring(taken), "examples/shop_bot.lua" }, keys)
      listener:close()
      assert.equal(69, status)
      assert.truthy(output:find("127.0.0.1", 1, true))
      assert.truthy(output:find(tostring(taken), 1, true))
      assert.truthy(output:find("--port", 1, true))
   end)

   it("prints the URLs that the panel asks for", function()
      start(bot_file.write [[
         return require("kenar").bot { prefix = "/shop", public_url = "https://bot.example.ir/", app_slug = "shop" }
      ]])
      running:expect "events URL +https://bot%.example%.ir/shop/events\n"
      running:expect "session initialization URL +https://bot%.example%.ir/shop/session\n"
      running:expect "dynamic action URL +https://bot%.example%.ir/shop/action\n"
      running:expect "fallback URL +https://bot%.example%.ir/shop/fallback\n"
      running:expect "OAuth redirect URL +https://bot%.example%.ir/shop/oauth/return\n"
   end)

   it("says what is missing from them without a public URL", function()
      start "examples/shop_bot.lua"
      running:expect "events URL +<public URL>/kenar/events\n"
      running:expect "KENAR_PUBLIC_URL"
   end)

   it("finds what the bot file requires beside it", function()
      local module = bot_file.write "return 'beside'"
      local folder, name = module:match "^(.*)/([^/]*)$"
      os.rename(module, folder .. "/" .. name .. ".lua")
      local path = bot_file.write(([[
         local bot = require("kenar").bot {}
         bot:dynamic_action("ask", function() return require %q end)
         return bot]]):format(name))
      local port = start(path)
      local status, body = command.answer(command.post(port, "/kenar/action", authorization, click))
      os.remove(folder .. "/" .. name .. ".lua")
      assert.equal(200, status)
      assert.equal('{"text_message":"beside"}', body)
   end)

   it("writes one line an event, and no secret in it", function()
      local port = start(bot_file.write [[
         local bot = require("kenar").bot {}
         bot:dynamic_action("ask", function(ctx)
            ctx.log:info("keys: the-api-key the-identification-key", { authorization = "x" })
            return "yes"
         end)
         return bot]])
      assert.equal(401, (command.answer(command.post(port, "/kenar/action", { authorization = "guess" }, click))))
      assert.equal(200, (command.answer(command.post(port, "/kenar/action", authorization, click))))
      running:expect 'level=warn msg=refused [^\n]*status=401'
      running:expect 'level=info msg="keys: %*%*%* %*%*%*" authorization=%*%*%*'
      running:expect 'level=info msg=event [^\n]*event=dynamic_action [^\n]*status=200'
      running:signal "TERM"
      assert.equal(0, running:wait())
      assert.falsy(running.output:find("the%-api%-key"))
      assert.falsy(running.output:find("the%-identification%-key"))
      assert.falsy(running.output:find("guess"))
      local _, lines = running.output:gsub("msg=event ", "")
      assert.equal(1, lines)
   end)

   it("writes only refusals and failures with --log-level warn", function()
      local port = start(bot_file.write [[
         local bot = require("kenar").bot { name = "quiet" }
         bot:dynamic_action("ask", function(ctx) ctx.log:warn("asked") end)
         return bot]], nil, "--log-level", "warn")
      assert.equal(200, (command.answer(command.post(port, "/kenar/action", authorization, click))))
      running:signal "TERM"
      assert.equal(0, running:wait())
      assert.truthy(running.output:find "level=warn msg=asked bot=quiet\n")
      assert.falsy(running.output:find "level=info")
   end)

   it("writes JSON with --log-format json, and no secret in it", function()
      local port = start(bot_file.write [[
         local bot = require("kenar").bot {}
         bot:dynamic_action("ask", function(ctx)
            ctx.log:info("key: the-api-key", { authorization = "x" })
            return "yes"
         end)
         return bot]], nil, "--log-format", "json")
      assert.equal(200, (command.answer(command.post(port, "/kenar/action", authorization, click))))
      running:signal "TERM"
      assert.equal(0, running:wait())
      local said, event
      for line in running.output:gmatch "({[^\n]*})\n" do
         local fields = assert(json.decode(line))
         said = fields.msg == "key: ***" and fields or said
         event = fields.msg == "event" and fields or event
      end
      assert.equal("***", said.authorization)
      assert.same({ "info", "dynamic_action", 200 }, { event.level, event.event, event.status })
      assert.falsy(running.output:find("the%-api%-key"))
      assert.falsy(running.output:find "level=")
   end)

   it("answers /healthz and /metrics with --metrics-port, and says where", function()
      start("examples/shop_bot.lua", nil, "--metrics-port", "0")
      local port = tonumber((running:expect "health at http://127%.0%.0%.1:(%d+)/healthz, metrics at http://[^\n]*\n"))
      local status, body = command.answer(command.get(port, "/healthz"))
      assert.equal(200, status)
      assert.equal('{"status":"ok"}', body)
      status, body = command.answer(command.get(port, "/healthz", "HEAD"))
      assert.equal(200, status)
      assert.equal("", body)
      status, body = command.answer(command.get(port, "/metrics"))
      assert.equal(200, status)
      assert.truthy(prometheus.read(body)['kenar_memory_bytes{area="resident"}'])
      running:signal "TERM"
      assert.equal(0, running:wait())
      assert.is_nil(wire.connect(port))
   end)

   it("answers neither without it", function()
      local port = start "examples/shop_bot.lua"
      assert.equal(404, (command.answer(command.get(port, "/healthz"))))
      assert.falsy(running.output:find "/healthz")
   end)

   it("shows in /metrics what became of events, and how long users waited", function()
      local port = start(bot_file.write [[
         local bot = require("kenar").bot {}
         bot:on("chatbot", function() end)
         bot:dynamic_action("ask", function() return "x" end)
         return bot
      ]], nil, "--metrics-port", "0")
      local metrics_port = tonumber((running:expect "health at http://127%.0%.0%.1:(%d+)/healthz"))
      command.answer(command.post(port, "/kenar/events", authorization, message))
      command.answer(command.post(port, "/kenar/events", authorization, message))
      command.answer(command.post(port, "/kenar/action", authorization, click))
      local _, text = command.answer(command.get(metrics_port, "/metrics"))
      local seen = prometheus.read(text)
      assert.equal(1, seen['kenar_events_total{kind="message",outcome="ok"}'])
      assert.equal(1, seen['kenar_events_total{kind="dynamic_action",outcome="ok"}'])
      assert.equal(1, seen["kenar_duplicates_total"])
      assert.equal(1, seen['kenar_callback_seconds_count{kind="dynamic_action"}'])
      assert.equal(1, seen['kenar_handler_seconds_count{kind="message"}'])
   end)

   it("refuses an inbox on which another process works, and names that one", function()
      local folder = scratch.new()
      local environment = { KENAR_INBOX = "sqlite:" .. folder:file "inbox.db" }
      for name, value in pairs(keys) do
         environment[name] = value
      end
      local first = command.start({ "run", "--port", "0", "examples/shop_bot.lua" }, environment)
      first:expect "serving [^\n]*\n"
      local holder = first.process:pid()
      local status, output = command.run({ "run", "--port", "0", "examples/shop_bot.lua" }, environment)
      first:signal "TERM"
      local ending = first:wait()
      first:close()
      folder:remove()
      assert.same({ 0, 74 }, { ending, status })
      assert.truthy(output:find(("inbox.db: process %d works on this inbox already"):format(holder), 1, true))
   end)

   it("says which option takes another port for the metrics", function()
      local listener = assert(wire.listen())
      local taken = tostring(listener:port())
      local arguments = { "run", "--port", "0", "--metrics-port", taken, "examples/shop_bot.lua" }
      local status, output = command.run(arguments, keys)
      listener:close()
      assert.equal(69, status)
      assert.truthy(output:find("kenar: metrics: ", 1, true))
      assert.truthy(output:find(taken, 1, true))
      assert.truthy(output:find("--metrics-port", 1, true))
   end)

   for _, name in ipairs { "INT", "TERM" } do
      it(("ends with status 0 on SIG%s"):format(name), function()
         start "examples/shop_bot.lua"
         running:signal(name)
         assert.equal(0, running:wait())
         assert.truthy(running.output:find "stopped\n$")
      end)
   end

   it("goes on after SIGHUP, and says so once", function()
      local port = start "examples/shop_bot.lua"
      running:signal "HUP"
      running:expect "level=info msg=\"SIGHUP is ignored: [^\n]*\n"
      running:signal "HUP"
      assert.equal(401, (command.answer(command.post(port, "/kenar/events", {}, message))))
      running:signal "TERM"
      assert.equal(0, running:wait())
      assert.equal(1, select(2, running.output:gsub("SIGHUP is ignored", "")))
   end)

   it("finishes on SIGTERM what runs, and takes nothing new", function()
      local divar = assert(wire.listen())
      local port = start(bot_file.write [[
         local bot = require("kenar").bot {}
         bot:on("chatbot", function(ctx) ctx:reply "hello" end)
         return bot]], {
         KENAR_API_KEY = "k", KENAR_IDENTIFICATION_KEY = "the-identification-key",
         KENAR_BASE_URL = ("http://127.0.0.1:%d"):format(divar:port()),
      })
      local webhook = command.post(port, "/kenar/events", authorization, message)
      local call = assert(divar:accept())
      assert(call:receive())

      running:signal "TERM"
      local deadline = wire.clock() + 5
      repeat
         local late = wire.connect(port)
         if late then
            late:close()
         end
      until not late or wire.clock() > deadline
      assert.is_nil(wire.connect(port))

      assert(call:send 'HTTP/1.1 200 OK\r\ncontent-length: 24\r\n\r\n{"conversation_id":"c1"}')
      assert.equal(200, (command.answer(webhook)))
      assert.equal(0, running:wait())
      call:close()
      divar:close()
   end)
end)
