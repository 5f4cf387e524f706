local inboxes = require "kenar.inbox"
local scratch = require "spec.support.scratch"
local small_disk = require "spec.support.small_disk"
local virtual = require "kenar.host.virtual"
local wire = require "spec_wire"

describe("kenar.inbox.sqlite, when the world is against it,", function()
   local folder, path, host, inbox

   local function open(options)
      inbox = assert(inboxes.open("sqlite:" .. path, host, options))
      return inbox
   end

   local function refused()
      local opened, err = inboxes.open("sqlite:" .. path, host)
      assert.is_nil(opened)
      assert.equal("store", err.kind)
      return err
   end

   before_each(function()
      folder = scratch.new()
      path = folder:file "inbox.db"
      host = virtual.new()
   end)

   after_each(function()
      if inbox then
         inbox:close()
         inbox = nil
      end
      folder:remove()
   end)

   local function take(n)
      return assert(inbox:take("worker", n or 1000, 60))
   end

   describe("on a disk", function()
      local mounted

      before_each(function()
         mounted = folder:file "disk"
         os.execute("mkdir " .. mounted)
      end)

      local function run(kibibytes, script)
         local status, output = small_disk.run(mounted, kibibytes, [[
            local host = require("kenar.host.virtual").new()
            local function open(options)
               return require("kenar.inbox").open("sqlite:" .. disk .. "/inbox.db", host, options)
            end
            local function fill()
               local file = io.open(disk .. "/ballast", "wb")
               file:setvbuf "no"
               repeat until not file:write(("x"):rep(1024))
               file:close()
            end
         ]] .. script .. ' print "good"')
         assert.equal("good\n", output)
         assert.equal(0, status)
      end

      it("that is full refuses an event, keeps those it has, and takes more when there is room", function()
         run(400, [[
            local inbox = assert(open())
            fill()
            local body, stored, ok, err = ("x"):rep(3000), 0
            repeat
               ok, err = inbox:put { { body = body, id = "m" .. stored + 1 } }
               stored = stored + (ok and 1 or 0)
            until not ok or stored > 200
            assert(err.kind == "store" and err.code_name == "SQLITE_FULL", tostring(err))
            assert(inbox:stats().failure and inbox:stats().pending == stored)
            os.remove(disk .. "/ballast")
            assert(inbox:put { { body = body, id = "m" .. stored + 1 } }[1] == true)
            assert(inbox:stats().failure == nil)
            assert(inbox:close())
            inbox = assert(open())
            assert(#assert(inbox:take("w", 1000, 60)) == stored + 1)
            inbox:close()
         ]])
      end)

      it("that was full is well again a second after there is room, though no event comes", function()
         run(400, [[
            local inbox = assert(open())
            fill()
            local ok
            repeat
               ok = inbox:put { { body = ("x"):rep(3000), order_key = "fill" } }
            until not ok
            host:advance(30)
            assert(inbox:stats().failure)
            os.remove(disk .. "/ballast")
            host:advance(1.1)
            assert(inbox:stats().failure == nil)
            inbox:close()
         ]])
      end)

      it("that is full loses no mark of what was done: it is written when there is room", function()
         run(400, [[
            local inbox = assert(open())
            assert(inbox:put { { body = "1", id = "m1" }, { body = "2", id = "m2" } })
            local taken = assert(inbox:take("w", 1, 60))
            fill()
            -- What still has room in the file takes it first.
            repeat until not inbox:put { { body = ("x"):rep(3000), order_key = "fill" } }
            inbox:done { taken[1].lease }
            host:advance(5)
            os.remove(disk .. "/ballast")
            host:advance(5)
            assert(inbox:stats().failure == nil)
            assert(inbox:close())
            inbox = assert(open())
            local bodies = {}
            for _, entry in ipairs(assert(inbox:take("w", 1000, 60))) do
               bodies[entry.body] = true
            end
            assert(bodies["2"] and not bodies["1"])
            assert(inbox:put { { body = "1", id = "m1" } }[1] == "duplicate")
            inbox:close()
         ]])
      end)

      it("that may only be read cannot be worked on, and says so", function()
         run(400, [[
            local inbox = assert(open())
            assert(inbox:put { { body = "1" } })
            inbox:close()
            remount "ro"
            local opened, err = open()
            assert(not opened and err.kind == "store")
            assert(err.message:find("Read-only file system", 1, true), err.message)
            remount "rw"
            inbox = assert(open())
            assert(#assert(inbox:take("w", 10, 60)) == 1)
            inbox:close()
         ]])
      end)

      it("that is full has no room for a new inbox", function()
         run(64, [[
            fill()
            local opened, err = open()
            assert(not opened and err.kind == "store")
            assert(err.message:find("No space left on device", 1, true) or err.code_name == "SQLITE_FULL", err.message)
         ]])
      end)
   end)

   describe("with a file", function()
      it("that is none of SQLite's, refuses and leaves it as it is", function()
         folder:write("inbox.db", ("Dear reader, "):rep(400))
         assert.equal("SQLITE_NOTADB", refused().code_name)
         assert.equal(("Dear reader, "):rep(400), folder:read "inbox.db")
      end)

      it("that is damaged, refuses, and does not hold it", function()
         open()
         for i = 1, 50 do
            assert(inbox:put { { body = ("x"):rep(1000), id = "m" .. i } })
         end
         inbox:close()
         local bytes = folder:read "inbox.db"
         folder:write("inbox.db", bytes:sub(1, 4096) .. ("\255"):rep(#bytes - 4096))
         assert.equal("SQLITE_CORRUPT", refused().code_name)
         folder:write("inbox.db", bytes)
         open()
         assert.equal(50, #take())
      end)

      it("that is damaged while it is used, tells so and gives out what it has in memory", function()
         open()
         assert(inbox:put { { body = "1" }, { body = "2" } })
         inbox:close()
         open()
         folder:write("inbox.db", ("\255"):rep(8192))
         local list, err = inbox:take("worker", 10, 60)
         assert.is_nil(list)
         assert.equal("store", err.kind)
         assert.is_string(inbox:stats().failure)
      end)

      it("in a folder that is not there, says which", function()
         path = folder:file "missing/inbox.db"
         assert.matches("missing/inbox.db", refused().message, 1, true)
      end)

      it("whose log was cut off half-way, has what came before", function()
         open()
         for i = 1, 20 do
            assert(inbox:put { { body = tostring(i) } })
         end
         -- As the files of a machine that lost its power.
         local db, log = folder:read "inbox.db", folder:read "inbox.db-wal"
         inbox:close()
         folder:write("inbox.db", db)
         folder:write("inbox.db-wal", log:sub(1, #log - 6000))
         open()
         local list = take()
         assert.is_true(#list >= 15 and #list < 20)
         for i, entry in ipairs(list) do
            assert.equal(tostring(i), entry.body)
         end
      end)
   end)

   it("waits for the disk at each commit where the power may be cut", function()
      local function synchronous()
         local statement = inbox._file._db:prepare "PRAGMA synchronous"
         statement:step()
         return (statement:values())
      end
      local NORMAL, FULL = 1, 2
      open()
      assert.equal(NORMAL, synchronous())
      inbox:close()
      open { power_cut = true }
      assert.equal(FULL, synchronous())
      assert.same({ true }, inbox:put { { body = "x" } })
   end)

   describe("with another process", function()
      local process

      after_each(function()
         if process then
            process:close()
            process = nil
         end
      end)

      -- A process with `inbox` open on the same file, on the real loop.
      local function start(attempts, script)
         process = assert(wire.spawn({ wire.executable(), "-e", ([[
            local host = require("kenar.host.loop").new {}
            local inbox = assert(require("kenar.inbox").open("sqlite:" .. %q, host, { attempts = %d }))
            local function say(...) io.write(table.concat({ ... }, " "), "\n") io.flush() end
         ]]):format(path, attempts) .. script }, { stdin = "pipe" }))
      end

      it("that works on it already, refuses and names it; not when it is gone", function()
         start(8, [[say "open" io.read "*l"]])
         assert.equal("open\n", process:read())
         local err = refused()
         assert.equal("INBOX_HELD", err.code_name)
         assert.equal(process:pid(), err.pid)
         assert.equal(("%s: process %d works on this inbox already"):format(path, process:pid()), err.message)
         process:kill()
         process:wait()
         open()
      end)

      it("that has a dead letter, has it handled again when somebody asks for it from here", function()
         start(1, [[
            local is_handled
            inbox.on_ready = function()
               for _, entry in ipairs(inbox:take("w", 10, 60)) do
                  if entry.event then
                     say("dead", inbox:fail(entry.lease, nil, "no luck"))
                  else
                     say("again", entry.body)
                     is_handled = inbox:done { entry.lease }
                  end
               end
            end
            assert(inbox:put { { body = "x", event = true } })
            host:run(function() return is_handled end)
            inbox:close()
            say "over"]])
         assert.equal("dead dead\n", process:read())
         local visitor = assert(inboxes.visit("sqlite:" .. path))
         local letters
         repeat
            letters = assert(visitor:dead())
         until letters[1]
         assert.equal("no luck", letters[1].reason)
         assert.equal(1, visitor:replay(letters[1].number))
         visitor:close()
         local output = ""
         repeat
            local bytes = process:read(20)
            output = output .. (bytes or "")
         until not bytes
         assert.equal("again x\nover\n", output)
      end)

      -- Puts 20 events at a time from now on, for five conversations, and handles them. Each line is written before
      -- the next step begins.
      local endless = [[
         local number = FIRST
         inbox.on_ready = function()
            for _, entry in ipairs(inbox:take("w", 4, 60)) do
               host.spawn(function()
                  host.sleep(0)
                  say("handled", entry.body)
                  inbox:done { entry.lease }
               end)
            end
         end
         inbox.on_ready()
         while true do
            for _ = 1, 20 do
               number = number + 1
               local mine = ("%07d"):format(number)
               host.spawn(function()
                  if inbox:put { { order_key = "key " .. mine % 5, body = mine, id = mine } } then
                     say("stored", mine)
                  end
               end)
            end
            host.sleep(0)
         end]]

      it("that is killed at any moment, has lost nothing that was stored, and mixed up nothing", function()
         local stored, handled, rounds = {}, {}, 12
         for round = 1, rounds do
            start(1000, (endless:gsub("FIRST", tostring(round * 100000))))
            local output, lines = "", 0
            -- Another moment each time.
            while lines < round * 37 do
               local bytes = assert(process:read(20))
               output = output .. bytes
               lines = select(2, output:gsub("\n", ""))
            end
            process:kill()
            repeat
               local bytes = process:read(20)
               output = output .. (bytes or "")
            until not bytes
            process:close()
            for what, number in output:gmatch "(%a+) (%d+)\n" do
               (what == "stored" and stored or handled)[number] = true
            end
         end
         process = nil
         open()
         local present, last, list = {}, {}, take()
         -- However much it wrote before it was killed.
         while list[1] do
            local leases = {}
            for i, entry in ipairs(list) do
               assert.is_true(entry.body > (last[entry.order_key] or ""))
               present[entry.body], last[entry.order_key], leases[i] = true, entry.body, entry.lease
            end
            inbox:done(leases)
            list = take()
         end
         local count = 0
         for number in pairs(stored) do
            assert.is_true(present[number] or handled[number], number)
            count = count + 1
         end
         assert.is_true(count >= rounds * 20)
      end)
   end)
end)
