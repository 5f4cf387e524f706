local command = require "spec.support.command"
local loop = require "kenar.host.loop"
local scratch = require "spec.support.scratch"
local servers = require "kenar.sandbox.server"
local wire = require "spec_wire"

describe("kenar send", function()
   local host, sandbox, folder, chat, texts, started

   before_each(function()
      folder = scratch.new()
      host = loop.new {}
      host.log = function() end
      texts = {}
      sandbox = assert(servers.open(host, {
         on_message = function(_, message) texts[#texts + 1] = message.text end,
      }))
      local state = sandbox.judge.state
      chat = state:chatbot(state:user("ali").id).id
   end)

   local function close_started()
      if started then
         started:close()
         started = nil
      end
   end

   after_each(function()
      close_started()
      sandbox:close(0)
      host:stop()
      host:run()
      assert.equal(0, host:count())
      folder:remove()
   end)

   local function environment()
      return { KENAR_BASE_URL = sandbox:url(), KENAR_API_KEY = servers.settings.api_key, KENAR_STORE = false }
   end

   local function start(...)
      close_started()
      started = command.start({ "send", ... }, environment())
   end

   -- Serve the sandbox until the command has written something, or (without a pattern) has ended.
   local function serve_until(pattern)
      local deadline, ended = host.clock() + 20, false
      while not ended and not (pattern and started.output:find(pattern)) do
         host:step(0.02)
         local bytes, reason = started.process:read(0)
         started.output = started.output .. (bytes or "")
         ended = not bytes and reason == "closed"
         assert.is_true(host.clock() < deadline, started.output)
      end
      assert.is_true(ended or pattern ~= nil)
      return ended and assert(started.process:wait())
   end

   local function run(...)
      start(...)
      local status = serve_until()
      return status, (started.output:gsub(folder.path, "folder", nil))
   end

   local function batch(count, columns)
      local lines = { columns or "key,bot_conversation_id,name" }
      for number = 1, count do
         lines[#lines + 1] = ("ad-%d,%s,name %d"):format(number, chat, number)
      end
      return folder:write("ads.csv", table.concat(lines, "\n") .. "\n")
   end

   local function template(text)
      return folder:write("t.lua", text or 'return { text = "hello {name}" }')
   end

   describe("of one message", function()
      it("sends it", function()
         local status, output = run("--bot-conversation", chat, "سلام")
         assert.same({ 0, "sent\n", { "سلام" } }, { status, output, texts })
      end)

      it("speaks for who has granted it to the bot of a file", function()
         local path = folder:write("bot.lua", ("return require('kenar').bot { access_token = %q }")
            :format(servers.settings.access_token))
         local state = sandbox.judge.state
         local conversation = state:conversation("gZd7omnS", state:user("buyer").id)
         local status, output = run("--bot", path, "--conversation", conversation.id, "--as", "SELLER", "hello")
         assert.same({ 0, "sent\n", { "hello" } }, { status, output, texts })
      end)

      it("says what Divar said, and exits with 75", function()
         local status, output = run("--bot-conversation", "nowhere", "hello")
         assert.equal(75, status)
         assert.truthy(output:find("kenar: api send_bot_message: ", 1, true), output)
      end)

      it("exits with 78 where nobody has allowed it", function()
         local status, output = run("--conversation", "c", "hello")
         assert.equal(78, status)
         assert.truthy(output:find("kenar: auth: ", 1, true), output)
      end)
   end)

   describe("of a batch", function()
      it("fills the template with each row, reports, and sends nothing twice", function()
         local rows, filled = batch(3), template()
         local status, output = run("--batch", rows, "--template", filled, "--yes")
         assert.equal(0, status)
         assert.same({ "hello name 1", "hello name 2", "hello name 3" }, texts)
         assert.truthy(output:find("100%  3 sent  in ", 1, true), output)
         assert.truthy(output:find "\n3 sent, 0 failed, 0 skipped, 0 in doubt, 0 left\n$", output)
         status, output = run("--batch", rows, "--template", filled, "--yes")
         assert.equal(0, status)
         assert.truthy(output:find("0 sent, 0 failed, 3 skipped, 0 in doubt, 0 left\n", 1, true), output)
         assert.equal(3, #texts)
         assert.truthy(folder:read "ads.csv.journal":find "^kenar%-journal 1\n")
      end)

      it("sends messages as they stand in the rows, and keeps no journal where it is told so", function()
         local path = folder:write("ads.jsonl",
            ('{"bot_conversation_id":"%s","message":{"text":"one"}}\n'):format(chat))
         local status = run("--batch", path, "--no-journal", "--yes")
         assert.same({ 0, { "one" } }, { status, texts })
         assert.is_nil(io.open(path .. ".journal"))
      end)

      it("tells which rows fail, and exits with 75", function()
         local path = folder:write("ads.csv", ("key,bot_conversation_id,name\n1,%s,a\n2,nowhere,b\n3,%s,\n")
            :format(chat, chat))
         local status, output = run("--batch", path, "--template", template(), "--yes")
         assert.equal(75, status)
         assert.same({ "hello a" }, texts)
         assert.truthy(output:find("2: api send_bot_message: ", 1, true), output)
         assert.truthy(output:find("3: invalid: folder/ads.csv:4: text: ", 1, true), output)
         assert.truthy(output:find("kenar: 2 failed, 0 in doubt\n", 1, true), output)
      end)

      it("lists the rows in doubt", function()
         sandbox.judge.faults:add { at = "send_bot_message", kind = "reset_after", times = 1 }
         local status, output = run("--batch", batch(2), "--template", template(), "--yes", "--concurrency", "1")
         assert.equal(75, status)
         assert.truthy(output:find("1 sent, 0 failed, 0 skipped, 1 in doubt, 0 left\nIn doubt are "
            .. "(they may have been sent, and are not sent again):\n  ad-1\n", 1, true), output)
         assert.equal(2, #texts)
      end)

      it("exits with 65 at a mistake in the file, behind what was sent", function()
         local path = folder:write("ads.csv", ('key,bot_conversation_id,message\n1,%s,a\n2,%s,"b\n'):format(chat, chat))
         local status, output = run("--batch", path, "--yes")
         assert.equal(65, status)
         assert.same({ "a" }, texts)
         assert.truthy(output:find("kenar: invalid: folder/ads.csv:3: a quote that is never closed", 1, true), output)
         assert.truthy(output:find("1 sent, 0 failed, 0 skipped, 0 in doubt, ? left\n", 1, true), output)
      end)

      it("exits with 74 while another run has the journal", function()
         local journal = assert(require("kenar.send.journal").open(folder:file "own.journal"))
         local status, output = run("--batch", batch(1), "--template", template(), "--yes", "--journal",
            folder:file "own.journal")
         journal:close()
         assert.equal(74, status)
         assert.truthy(output:find("another run has it", 1, true), output)
         assert.equal(0, #texts)
      end)

      it("ends cleanly at Ctrl-C, and goes on where it ended", function()
         sandbox.judge.faults:add { at = "send_bot_message", delay = 0.02, times = 100000 }
         local rows, filled = batch(400), template()
         start("--batch", rows, "--template", filled, "--yes", "--concurrency", "4")
         local deadline = host.clock() + 20
         while #texts < 10 do
            host:step(0.02)
            assert.is_true(host.clock() < deadline, "nothing is sent")
         end
         started:signal "INT"
         local status = serve_until()
         assert.equal(75, status)
         local sent, left = started.output:match "\n(%d+) sent, 0 failed, 0 skipped, 0 in doubt, (%d+) left\n"
         assert.equal(#texts, tonumber(sent), started.output)
         assert.equal(400, sent + left)
         assert.is_true(tonumber(left) > 0)
         assert.truthy(started.output:find("kenar: interrupted\n  The same command goes on: ", 1, true))
         started:close()
         sandbox.judge.faults:clear()
         local _, output = run("--batch", rows, "--template", filled, "--yes")
         assert.truthy(output:find(("%d sent, 0 failed, %d skipped, 0 in doubt, 0 left"):format(left, sent), 1, true),
            output)
         assert.equal(400, #texts)
      end)

      it("shows what it would send with --dry-run, and sends nothing", function()
         local status, output = run("--batch", batch(5), "--template", template(), "--dry-run")
         assert.same({ 0, 0 }, { status, #texts })
         assert.truthy(output:find(("folder/ads.csv:2, to %s\n    hello name 1\n"):format(chat), 1, true), output)
         assert.is_nil(output:find("name 4", 1, true))
         assert.truthy(output:find("5 to be sent, 0 wrong\n", 1, true))
         assert.is_nil(io.open(folder:file "ads.csv.journal"))
      end)

      it("lets no row command or reorder the terminal with --dry-run", function()
         local path = folder:write("ads.csv",
            ("key,bot_conversation_id,name\n1,%s,a\194\155[2J\226\128\174b\n"):format(chat))
         local status, output = run("--batch", path, "--template", template(), "--dry-run")
         assert.equal(0, status)
         assert.truthy(output:find("    hello a?[2Jb\n", 1, true), output)
      end)

      it("finds wrong rows and messages with --dry-run", function()
         local path = folder:write("ads.csv",
            ("key,bot_conversation_id,name\n1,%s,a\n,%s,b\n3,,c\n"):format(chat, chat))
         local status, output = run("--batch", path, "--template", template(
            'return { text = "{name}", buttons = { { "x", direct_link = "https://a.ir", icon = "STORE", '
            .. 'post_page = "p", when = "bot_conversation_id" } } }'), "--dry-run")
         assert.equal(65, status)
         assert.truthy(output:find("folder/ads.csv:2: buttons[1]: exactly one action", 1, true), output)
         assert.truthy(output:find("folder/ads.csv:3: it has no key", 1, true), output)
         assert.truthy(output:find("folder/ads.csv:4: say where", 1, true), output)
         assert.truthy(output:find("kenar: 3 rows are wrong\n", 1, true), output)
         status, output = run("--batch", folder:write("one.csv", "key,user_id\n1,u\n"), "--dry-run")
         assert.equal(65, status)
         assert.truthy(output:find("kenar: 1 row is wrong\n", 1, true), output)
      end)
   end)

   describe("at a terminal", function()
      local process

      after_each(function()
         process:close()
      end)

      local script = package.path:match "([^;]*/lua/)%?%.lua" .. "kenar/cli/kenar"

      local function start_at_terminal(...)
         local line = { "stty cols 70; exec", wire.executable(), script, "send", ... }
         process = assert(wire.spawn({ "script", "-qefc", table.concat(line, " "), "/dev/null" }, {
            stdin = "pipe", env = {
               KENAR_BASE_URL = sandbox:url(), KENAR_API_KEY = servers.settings.api_key, KENAR_STORE = false,
               ASAN_OPTIONS = "detect_leaks=0",
            },
         }))
         started = { process = process, output = "", close = function() end }
      end

      it("asks, and shows a bar", function()
         start_at_terminal("--batch", batch(3), "--template", template())
         serve_until "Send 3 messages%? %[y/N%] "
         assert.equal(0, #texts)
         process:write "y\n"
         assert.equal(0, serve_until())
         assert.equal(3, #texts)
         assert.truthy(started.output:find "\r%[#+%] 100%%  3 sent  in 0 s *\r\n", started.output)
      end)

      it("sends nothing where the answer is not yes", function()
         start_at_terminal("--batch", batch(3), "--template", template())
         serve_until "%[y/N%] "
         process:write "\n"
         assert.equal(75, serve_until())
         assert.equal(0, #texts)
      end)
   end)

   -- What is typed (folder/ is the spec's), the exit status, and what is said.
   local mistakes = {
      { { }, 64, "kenar: what is to be sent?\n" },
      { { "--conversation", "c" }, 64, "kenar: what is to be sent?\n" },
      { { "--conversation", "c", "--user", "u", "x" }, 64, "kenar: what is to be sent?\n" },
      { { "--batch", "folder/ads.csv", "x" }, 64, "kenar: what is to be sent?\n" },
      { { "--user", "u", "--as", "SELLER", "x" }, 64, "kenar: as, post_token and grant say for whom" },
      { { "--batch", "folder/ads.csv" }, 64, "kenar: nobody is there to ask: --yes" },
      { { "--batch", "folder/ads.xlsx", "--yes" }, 64, "kenar: folder/ads.xlsx: which kind of file is it?\n" },
      { { "--batch", "folder/none.csv", "--yes" }, 66, "kenar: folder/none.csv: No such file or directory\n" },
      { { "--batch", "folder/ads.csv", "--template", "folder/none.lua", "--yes" }, 66,
         "kenar: folder/none.lua: No such file or directory\n" },
      { { "--batch", "folder/ads.csv", "--template", "folder/number.lua", "--yes" }, 65,
         "kenar: folder/number.lua returned a value of type number, not a message\n" },
      { { "--batch", "folder/ads.csv", "--template", "examples/shop_bot.lua", "--yes" }, 65,
         "kenar: examples/shop_bot.lua returned a bot, not a message\n" },
      { { "--batch", "folder/ads.csv", "--template", "folder/brace.lua", "--yes" }, 65, "kenar: folder/brace.lua: " },
      { { "--batch", "folder/utf16.csv", "--yes" }, 65, "kenar: invalid: folder/utf16.csv: UTF-16" },
      { { "--batch", "folder/ads.csv", "--concurrency", "0", "--yes" }, 64, "kenar: --concurrency: expected a whole" },
   }
   for _, row in ipairs(mistakes) do
      it(("exits with %d on `kenar send %s`"):format(row[2], table.concat(row[1], " ")), function()
         folder:write("ads.csv", "key,bot_conversation_id,message\n1,c,x\n")
         folder:write("utf16.csv", "\255\254k\0")
         folder:write("number.lua", "return 5")
         folder:write("brace.lua", 'return { text = "{name" }')
         local line = {}
         for index, argument in ipairs(row[1]) do
            line[index] = argument:gsub("^folder", (folder.path:gsub("%%", "%%%%")))
         end
         local status, output = run((table.unpack or unpack)(line))
         assert.equal(row[2], status, output)
         assert.equal(row[3], output:sub(1, #row[3]))
         assert.equal(0, #texts)
      end)
   end

   it("exits with 78 without an API key", function()
      local status, output = command.run({ "send", "--bot-conversation", "c", "x" }, {})
      assert.equal(78, status)
      assert.truthy(output:find("kenar: there is no api_key\n", 1, true))
   end)
end)
