local bot_file = require "spec.support.bot_file"
local certificates = require "spec.support.certificates"
local command = require "spec.support.command"
local core = require "kenar.core"
local inboxes = require "kenar.inbox"
local scratch = require "spec.support.scratch"
local virtual = require "kenar.host.virtual"
local wire = require "spec_wire"

describe("kenar doctor", function()
   local folder, started, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder, started = scratch.new(), {}
   end)

   after_each(function()
      for _, process in ipairs(started) do
         process:close()
      end
      folder:remove()
      bot_file.clean()
      assert.equal(descriptors, wire.count_fds())
   end)

   local function start(...)
      local process = command.start(...)
      started[#started + 1] = process
      return process
   end

   -- What a bot on the internet has; nothing of it is asked with --offline.
   local function settings(changes)
      local values = {
         KENAR_API_KEY = "an-api-key-of-divar", KENAR_IDENTIFICATION_KEY = "an-identification-key-of-divar",
         KENAR_PUBLIC_URL = "https://bot.example.ir",
         KENAR_STORE = "sqlite:" .. folder:file "bot.db", KENAR_INBOX = "sqlite:" .. folder:file "inbox.db",
      }
      for name, value in pairs(changes or {}) do
         values[name] = value
      end
      return values
   end

   local function offline(changes, file)
      return command.run({ "doctor", "--offline", file or "examples/shop_bot.lua" }, settings(changes))
   end

   -- The settings for a sandbox that was started with these arguments, and for a bot on this port.
   local function sandboxed(bot_port, ...)
      local sandbox = start { "sandbox", "--port", "0", "--bot", ("http://127.0.0.1:%d/kenar"):format(bot_port), ... }
      local values = settings()
      for name, value in sandbox:expect "\n  (KENAR_[^\n]*) kenar run bot.lua\n":gmatch "([%u_]+)=(%S+)" do
         values[name] = value
      end
      return values, sandbox
   end

   local function assert_line(output, level, subject, text)
      for line in output:gmatch "[^\n]+" do
         local found = line:match("^" .. level .. " +" .. subject .. " +(.*)$")
         if found then
            assert.truthy(found:find(text, 1, true), found)
            return
         end
      end
      error(("no line begins with %s and %s in:\n%s"):format(level, subject, output), 2)
   end

   it("finds nothing wrong with a bot that is served and a Divar that answers", function()
      local port = wire.free_port()
      local values = sandboxed(port)
      start({ "run", "--port", tostring(port), "examples/shop_bot.lua" }, values):expect "serving"
      local status, output = command.run({ "doctor", "examples/shop_bot.lua" }, values)
      assert.equal(0, status, output)
      assert.matches("libcurl [78]%.%d+%.%d+ %(%a+/[%w.]+%), libmicrohttpd %d%.%d+%.%d+, SQLite 3%.%d+%.%d+\n", output)
      assert_line(output, "ok", "bot file", "examples/shop_bot.lua returns a bot")
      assert_line(output, "ok", "api_key", "15 characters")
      assert_line(output, "ok", "store", "bot.db opens and can be written")
      assert_line(output, "ok", "inbox", "inbox.db opens and can be written")
      assert_line(output, "ok", "Divar", "takes the API key")
      assert_line(output, "ok", "clock", "as Divar's")
      assert_line(output, "ok", "public URL", ("the bot answers at http://127.0.0.1:%d/kenar/events"):format(port))
      assert.truthy(output:find "\n0 problems, 0 warnings\n$", output)
   end)

   it("shows no key, asks Divar only what reads, and sends the public URL no key", function()
      local port = wire.free_port()
      local values, sandbox = sandboxed(port)
      local _, output = command.run({ "doctor", "examples/shop_bot.lua" }, values)
      for _, name in ipairs { "KENAR_API_KEY", "KENAR_IDENTIFICATION_KEY", "KENAR_OAUTH_SECRET" } do
         assert.is_nil(output:find(values[name], 1, true), name)
      end
      sandbox:expect "bot %-> Divar +GET /v1/open%-platform/assets/permission  200"
      sandbox:signal "TERM"
      sandbox:wait()
      assert.equal(1, select(2, sandbox.output:gsub("bot %-> Divar", "")))
   end)

   it("asks nobody with --offline", function()
      local port = wire.free_port()
      local values, sandbox = sandboxed(port)
      local status, output = command.run({ "doctor", "--offline", "examples/shop_bot.lua" }, values)
      assert.equal(0, status, output)
      assert.truthy(output:find("0 problems, 0 warnings; Divar and the public URL were not asked\n", 1, true), output)
      sandbox:signal "TERM"
      sandbox:wait()
      assert.is_nil(sandbox.output:find("bot -> Divar", 1, true))
   end)

   it("leaves no file behind", function()
      local before = #core.list_folder(folder.path)
      assert.equal(0, (offline()))
      assert.equal(before, #core.list_folder(folder.path))
   end)

   describe("names as a problem, with what to do,", function()
      -- What is wrong, the settings, and the line that says so.
      local cases = {
         { "a key that is missing", { KENAR_API_KEY = false }, "api_key", "set KENAR_API_KEY" },
         { "the other key that is missing", { KENAR_IDENTIFICATION_KEY = false }, "identification_key",
            "set KENAR_IDENTIFICATION_KEY" },
         { "a key that was copied with its quotes", { KENAR_API_KEY = '"an-api-key"' }, "api_key", "a quote in it" },
         { "the sandbox's keys for Divar itself", { KENAR_IDENTIFICATION_KEY = "sandbox-identification-key" },
            "identification_key", "which everybody knows" },
         { "a public URL without TLS", { KENAR_PUBLIC_URL = "http://bot.example.ir" }, "public_url",
            "is not https://" },
         { "a Divar without TLS", { KENAR_BASE_URL = "http://divar.example.ir" }, "base_url", "in the clear" },
         { "half of what consents need", { KENAR_APP_SLUG = "shop" }, "consents", "set KENAR_OAUTH_SECRET too" },
         { "a setting that cannot be", { KENAR_STORE = "sqlit:bot.db" }, "settings", "KENAR_STORE" },
         { "a store where nobody may write", { KENAR_STORE = "sqlite:/no/such/bot.db" }, "store",
            "No such file or directory" },
         { "an inbox where nobody may write", { KENAR_INBOX = "sqlite:/no/such/inbox.db" }, "inbox",
            "No such file or directory" },
      }
      for _, case in ipairs(cases) do
         it(case[1], function()
            local status, output = offline(case[2])
            assert.equal(78, status)
            assert_line(output, "problem", case[3], case[4])
            assert.truthy(output:find("kenar: 1 problem, 0 warnings; Divar", 1, true), output)
         end)
      end

      it("a store that is no database", function()
         folder:write("bot.db", ("no database"):rep(100))
         local status, output = offline()
         assert.equal(78, status)
         assert_line(output, "problem", "store", "SQLITE_NOTADB")
      end)

      it("a bot file with a mistake in it, and looks at the rest", function()
         local path = bot_file.write "local bot =\nreturn bot\n"
         local status, output = offline(nil, path)
         assert.equal(78, status)
         assert_line(output, "problem", "bot file", path .. ":2: ")
         assert_line(output, "ok", "api_key", "19 characters")
      end)

      it("a bot file that is not there", function()
         local status, output = offline(nil, "nothing/here.lua")
         assert.equal(78, status)
         assert_line(output, "problem", "bot file", "nothing/here.lua: No such file or directory")
      end)

      it("an API key that Divar refuses", function()
         local values = sandboxed(wire.free_port())
         values.KENAR_API_KEY = "not-the-sandbox-key"
         local status, output = command.run({ "doctor", "examples/shop_bot.lua" }, values)
         assert.equal(78, status)
         assert_line(output, "problem", "Divar", "copy the API key from Divar's panel again")
      end)

      it("a Divar that is not reached", function()
         local values = settings { KENAR_BASE_URL = ("http://127.0.0.1:%d"):format(wire.free_port()) }
         local status, output = command.run({ "doctor", "examples/shop_bot.lua" }, values)
         assert.equal(78, status)
         assert_line(output, "problem", "Divar", "start it with: kenar sandbox")
      end)

      it("a Divar, and a public URL, whose certificate nobody vouches for", function()
         local selfish = certificates.authority(folder.path, "selfish")
         local server = assert(wire.spawn({ "openssl", "s_server", "-accept", "127.0.0.1:0", "-www",
            "-cert", selfish.certificate, "-key", selfish.key }, { stderr = "stdout" }))
         started[#started + 1] = server
         local output, port = "", nil -- luacheck: ignore 311
         repeat
            output = output .. assert(server:read(10), output)
            port = output:match "ACCEPT 127%.0%.0%.1:(%d+)"
         until port
         local url = "https://127.0.0.1:" .. port
         local status
         status, output = command.run({ "doctor", "examples/shop_bot.lua" },
            settings { KENAR_BASE_URL = url, KENAR_PUBLIC_URL = url })
         assert.equal(78, status)
         assert_line(output, "problem", "Divar", "install ca-certificates")
         assert_line(output, "problem", "public URL", "Divar will refuse this certificate, too")
      end)

      it("a clock that is far from Divar's", function()
         local values = sandboxed(wire.free_port(), "--fault", "at=clock,skew=300")
         local status, output = command.run({ "doctor", "examples/shop_bot.lua" }, values)
         assert.equal(78, status)
         assert_line(output, "problem", "clock", "seconds behind Divar's")
      end)
   end)

   describe("warns of", function()
      local cases = {
         { "a store that ends with the process", { KENAR_STORE = false }, "store",
            "KENAR_STORE=sqlite:bot.db keeps them" },
         { "events that nobody keeps", { KENAR_INBOX = false }, "inbox", "KENAR_INBOX=sqlite:inbox.db keeps it" },
         { "a key that is too short to be one", { KENAR_API_KEY = "..." }, "api_key", "has 3 characters" },
         { "a public URL that is missing", { KENAR_PUBLIC_URL = false }, "public_url", "set KENAR_PUBLIC_URL" },
         { "a store that is in nginx", { KENAR_STORE = "shdict:kenar" }, "store", "shdict: was not looked at" },
         { "a sandbox of which only one address is set", { KENAR_BASE_URL = "http://127.0.0.1:8090" },
            "oauth_url, upload_url", "set KENAR_OAUTH_URL and KENAR_UPLOAD_URL to the same address" },
      }
      for _, case in ipairs(cases) do
         it(case[1], function()
            local status, output = offline(case[2])
            assert.equal(0, status, output)
            assert_line(output, "warning", case[3], case[4])
            assert.truthy(output:find("0 problems, 1 warning; Divar", 1, true), output)
         end)
      end

      it("dead letters", function()
         local values = settings()
         local inbox = assert(inboxes.open(values.KENAR_INBOX, virtual.new(), { attempts = 1 }))
         assert(inbox:put { { id = "m1", body = "{}" } })
         inbox:fail(assert(inbox:take("worker", 1, 60))[1].lease, nil, "no luck")
         inbox:close()
         local status, output = command.run({ "doctor", "--offline", "examples/shop_bot.lua" }, values)
         assert.equal(0, status, output)
         assert_line(output, "warning", "inbox", "dead letters in it: 1; `kenar inbox` lists them")
      end)

      it("a bot that does not run", function()
         local port = wire.free_port()
         local status, output = command.run({ "doctor", "examples/shop_bot.lua" }, (sandboxed(port)))
         assert.equal(0, status, output)
         assert_line(output, "warning", "public URL", "does the bot run")
      end)

      it("somebody else at the public URL", function()
         local values = sandboxed(wire.free_port())
         values.KENAR_PUBLIC_URL = values.KENAR_BASE_URL
         local status, output = command.run({ "doctor", "examples/shop_bot.lua" }, values)
         assert.equal(0, status, output)
         assert_line(output, "warning", "public URL", "does the proxy pass on all paths below /kenar/?")
      end)

      it("a bot file that was not named", function()
         local status, output = command.run({ "doctor", "--offline" }, settings())
         assert.equal(0, status)
         assert_line(output, "warning", "bot file", "kenar doctor bot.lua")
      end)
   end)
end)
