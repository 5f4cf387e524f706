local command = require "spec.support.command"
local core = require "kenar.core"
local json = require "kenar.json"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

describe("kenar new", function()
   local folder, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder = scratch.new()
   end)

   after_each(function()
      folder:remove()
      assert.equal(descriptors, wire.count_fds())
   end)

   -- What a shell makes of the file: the variables by name.
   local function environment()
      local values = {}
      for name, value in folder:read("shop/.env.example"):gmatch "\n([%u_]+)=(%S*)" do
         values[name] = value
      end
      return values
   end

   it("makes a folder with a bot, its spec, its settings, and what git and busted want to know", function()
      local status, output = command.run { "new", folder:file "shop" }
      assert.equal(0, status)
      local names = core.list_folder(folder:file "shop")
      table.sort(names)
      assert.same({ ".busted", ".env.example", ".gitignore", "bot.lua", "spec" }, names)
      assert.same({ "bot_spec.lua" }, core.list_folder(folder:file "shop/spec"))
      for _, name in ipairs { "bot.lua", "spec/bot_spec.lua", ".busted", ".env.example", ".gitignore" } do
         assert.truthy(output:find(folder:file "shop/" .. name .. "\n", 1, true), output)
      end
   end)

   it("says what to do next, in words that a shell takes", function()
      local _, output = command.run { "new", folder:file "it's a shop/" }
      local typed = "'" .. folder:file [[it'\''s a shop]] .. "'"
      local interpreter = rawget(_G, "jit") and "luajit" or "lua5.4"
      assert.truthy(output:find(("\n  cd %s && %s $(command -v busted) "):format(typed, interpreter), 1, true), output)
      assert.truthy(output:find("\n  kenar sandbox ", 1, true))
      assert.truthy(output:find("\n  set -a; . ./.env.example; set +a; kenar run bot.lua\n", 1, true))
   end)

   it("makes a bot whose spec passes where `busted` alone is typed", function()
      command.run { "new", folder:file "shop" }
      local process = assert(wire.spawn({ "busted", "-o", "TAP" }, { cwd = folder:file "shop", stderr = "stdout" }))
      local output = ""
      repeat
         local bytes = process:read(20)
         output = output .. (bytes or "")
      until not bytes
      local status = process:wait(20)
      process:close()
      assert.equal(0, status, output)
      assert.truthy(output:find("ok 4 - the bot says so when it does not understand", 1, true), output)
   end)

   it("makes a bot that talks to `kenar sandbox` with the settings of .env.example", function()
      command.run { "new", folder:file "shop" }
      local settings, bot_port = environment(), wire.free_port()
      local bot_url = ("http://127.0.0.1:%d/kenar"):format(bot_port)
      local sandbox = command.start { "sandbox", "--port", "0", "--bot", bot_url }
      local url = sandbox:expect "sandbox on (%S+),"
      for _, name in ipairs { "KENAR_BASE_URL", "KENAR_OAUTH_URL", "KENAR_UPLOAD_URL" } do
         assert.equal("http://127.0.0.1:8090", settings[name])
         settings[name] = url
      end
      settings.KENAR_STORE = "sqlite:" .. folder:file "bot.db"
      settings.KENAR_INBOX = "sqlite:" .. folder:file "inbox.db"
      local bot = command.start({ "run", "--port", tostring(bot_port), folder:file "shop/bot.lua" }, settings)
      bot:expect "serving"
      local function call(path, value)
         local port = tonumber(url:match "%d+$")
         local _, body = command.answer(command.post(port, path, {}, assert(json.encode(value))))
         return assert(json.decode(body))
      end
      local chat = call("/sandbox/chatbots", { user = "customer" })
      call("/sandbox/acts", { act = "say", conversation_id = chat.id, side = "USER", text = "سلام" })
      sandbox:expect "bot +سلام!\n"
      for _, process in ipairs { bot, sandbox } do
         process:signal "TERM"
         assert.equal(0, process:wait())
         process:close()
      end
   end)

   it("names the settings that the sandbox prints", function()
      command.run { "new", folder:file "shop" }
      local settings = environment()
      local sandbox = command.start { "sandbox", "--port", "0" }
      local line = sandbox:expect "\n  (KENAR_[^\n]*) kenar run bot.lua\n"
      sandbox:close()
      local url = line:match "KENAR_BASE_URL=(%S+)"
      for name, value in line:gmatch "([%u_]+)=(%S+)" do
         assert.equal(value == url and "http://127.0.0.1:8090" or value, settings[name], name)
      end
   end)

   it("takes an empty folder that is there", function()
      core.make_folder(folder:file "shop")
      assert.equal(0, (command.run { "new", folder:file "shop" }))
   end)

   it("leaves a folder alone that is not empty", function()
      core.make_folder(folder:file "shop")
      folder:write("shop/.kept", "mine")
      local status, output = command.run { "new", folder:file "shop" }
      assert.equal(64, status)
      assert.truthy(output:find(folder:file "shop is not empty, and was left as it is", 1, true), output)
      assert.same({ ".kept" }, core.list_folder(folder:file "shop"))
   end)

   it("leaves a file alone that has the name", function()
      folder:write("shop", "mine")
      local status, output = command.run { "new", folder:file "shop" }
      assert.equal(64, status)
      assert.truthy(output:find("shop: Not a directory", 1, true), output)
      assert.equal("mine", folder:read "shop")
   end)

   it("says where it may not write", function()
      local status, output = command.run { "new", folder:file "no/such" }
      assert.equal(74, status)
      assert.truthy(output:find("no/such: No such file or directory", 1, true), output)
   end)
end)
