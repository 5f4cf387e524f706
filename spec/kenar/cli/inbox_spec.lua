local bot_file = require "spec.support.bot_file"
local command = require "spec.support.command"
local inboxes = require "kenar.inbox"
local scratch = require "spec.support.scratch"
local virtual = require "kenar.host.virtual"

describe("kenar inbox, kenar replay and kenar discard", function()
   local folder, url, host, inbox

   before_each(function()
      folder = scratch.new()
      url = "sqlite:" .. folder:file "inbox.db"
      host = virtual.new()
      inbox = assert(inboxes.open(url, host, { attempts = 1 }))
      for i = 1, 2 do
         assert(inbox:put { {
            id = "m" .. i, order_key = "c1", kind = "message", body = '{"text":"a private word"}', received_at = 1,
         } })
         inbox:fail(assert(inbox:take("worker", 1, 60))[1].lease, nil, "handler: no\27[31m luck")
      end
      assert(inbox:put { { body = "x", received_at = require("kenar.core").now() - 7200 } })
   end)

   after_each(function()
      inbox:close()
      folder:remove()
      bot_file.clean()
   end)

   local function run(...)
      return command.run({ ... }, { KENAR_INBOX = false })
   end

   it("list what has died, while the inbox is worked on, and nothing that a customer wrote", function()
      local status, output = run("inbox", "--inbox", url)
      assert.equal(0, status)
      assert.truthy(output:find("1 waiting, the oldest for 2 h; 0 to be tried again later; 2 dead\n", 1, true))
      assert.truthy(output:find "\n1  2025%-01%-01 %d%d:%d%d:%d%d  kind=message id=m1 order_key=c1 attempts=1\n")
      assert.is_nil(output:find("private", 1, true))
   end)

   it("let no event command the terminal", function()
      local _, output = run("inbox", "--inbox", url)
      assert.truthy(output:find("    handler: no?[31m luck\n", 1, true))
      assert.is_nil(output:find "\27")
   end)

   it("let no customer command or reorder the terminal with --body", function()
      assert(inbox:put { { id = "m3", kind = "message", body = "a\194\155[2J\226\128\174b\155c", received_at = 1 } })
      for _, item in ipairs(assert(inbox:take("worker", 2, 60))) do
         inbox:fail(item.lease, nil, "died")
      end
      assert(inbox:put { { body = "y", received_at = 1 } }) -- commits with what came before it
      local _, output = run("inbox", "--body", "--inbox", url)
      assert.truthy(output:find("    a?[2Jb\239\191\189c\n", 1, true), output)
   end)

   it("show what was written when asked", function()
      local _, output = run("inbox", "--body", "--inbox", url)
      assert.truthy(output:find('    {"text":"a private word"}\n', 1, true))
   end)

   it("find the inbox of a bot file, and of the environment", function()
      local path = bot_file.write(("return require('kenar').bot { inbox = %q }"):format(url))
      local status, output = run("inbox", "--bot", path)
      assert.equal(0, status)
      assert.truthy(output:find("2 dead", 1, true))
      status, output = command.run({ "inbox" }, { KENAR_INBOX = url })
      assert.equal(0, status)
      assert.truthy(output:find("2 dead", 1, true))
   end)

   it("have the process that works on the inbox handle a dead letter again within a second", function()
      local status, output = run("replay", "1", "--inbox", url)
      assert.equal(0, status)
      assert.equal("1 to be handled again\n", output)
      host:advance(1.1)
      local bodies = {}
      for i, entry in ipairs(assert(inbox:take("worker", 10, 60))) do
         bodies[i] = entry.id or entry.body
      end
      assert.same({ "x", "m1" }, bodies)
      assert.equal(1, inbox:stats().dead)
   end)

   it("mark all of them for the next process when none works on it", function()
      inbox:close()
      local status, output = run("replay", "--all", "--inbox", url)
      assert.equal(0, status)
      assert.equal("2 to be handled again\n", output)
      inbox = assert(inboxes.open(url, host))
      assert.equal(2, #assert(inbox:take("worker", 10, 60)))
      assert.equal(0, inbox:stats().dead)
   end)

   it("delete dead letters and leave no byte of them, while the inbox is worked on", function()
      local status, output = run("discard", "1", "--inbox", url)
      assert.equal(0, status)
      assert.equal("1 deleted\n", output)
      host:advance(1.1)
      assert.equal(1, inbox:stats().dead)
      status, output = run("discard", "--all", "--inbox", url)
      assert.equal(0, status)
      assert.equal("1 deleted\n", output)
      host:advance(1.1)
      assert.equal(0, inbox:stats().dead)
      assert.equal(1, #assert(inbox:take("worker", 10, 60)))
      inbox:close()
      assert.is_nil(folder:read("inbox.db"):find("a private word", 1, true))
   end)

   -- What is typed, the exit status, and what is said of it.
   local mistakes = {
      { { "inbox" }, 64, "kenar: which inbox?\n" },
      { { "inbox", "--inbox", "pigeon:roof" }, 64, 'kenar: unknown kind of inbox "pigeon"; known are ' },
      { { "inbox", "--inbox", "sqlite:nowhere/inbox.db" }, 66, "kenar: nowhere/inbox.db: No such file or directory\n" },
      { { "inbox", "--inbox", "sqlite:README.md" }, 74, "kenar: README.md: file is not a database (SQLITE_NOTADB)\n" },
      { { "inbox", "--bot", "nowhere.lua" }, 66, "kenar: nowhere.lua: No such file or directory\n" },
      { { "inbox", "--bot", "examples/shop_bot.lua" }, 78, "kenar: examples/shop_bot.lua has no inbox\n" },
      { { "replay" }, 64, "kenar: which dead letters?\n" },
      { { "replay", "1", "--all" }, 64, "kenar: which dead letters?\n" },
      { { "discard" }, 64, "kenar: which dead letters?\n  kenar discard <number>..., or kenar discard --all\n" },
      { { "discard", "1", "--all" }, 64, "kenar: which dead letters?\n" },
      { { "discard", "7", "--inbox", "sqlite:nowhere.db" }, 66, "kenar: nowhere.db: No such file or directory\n" },
      { { "replay", "m1" }, 64, 'kenar: expected the number of a dead letter, as `kenar inbox` shows it, got "m1"\n' },
   }
   for _, row in ipairs(mistakes) do
      it(("exit with %d on `kenar %s`"):format(row[2], table.concat(row[1], " ")), function()
         local status, output = run((table.unpack or unpack)(row[1]))
         assert.equal(row[2], status)
         assert.equal(row[3], output:sub(1, #row[3]))
      end)
   end

   it("say which dead letters are not there", function()
      local status, output = run("replay", "7", "1", "9", "--inbox", url)
      assert.equal(66, status)
      assert.truthy(output:find("kenar: no dead letter 7, 9\n", 1, true))
   end)
end)
