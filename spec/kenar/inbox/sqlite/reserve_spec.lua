local inboxes = require "kenar.inbox"
local scratch = require "spec.support.scratch"
local small_disk = require "spec.support.small_disk"
local virtual = require "kenar.host.virtual"
local wire = require "spec_wire"

local RESERVE = 8 * 1024 * 1024

describe("kenar.inbox.sqlite, when its log has filled the disk,", function()
   local folder, mounted

   before_each(function()
      folder = scratch.new()
      mounted = folder:file "disk"
      os.execute("mkdir " .. mounted)
   end)

   after_each(function()
      folder:remove()
   end)

   local prelude = [[
      local host = require("kenar.host.virtual").new()
      local body = ("x"):rep(3000)
      local function open()
         return require("kenar.inbox").open("sqlite:" .. disk .. "/inbox.db", host)
      end
      local function size(name)
         local file = io.open(disk .. "/" .. name, "rb")
         local bytes = file and file:seek "end"
         if file then
            file:close()
         end
         return bytes
      end
      -- Leave so much room beside the inbox, in KiB.
      local function fill(room)
         local file = io.open(disk .. "/ballast", "wb")
         file:setvbuf "no"
         repeat until not file:write(("x"):rep(4096))
         file:close()
         if room > 0 then
            local wire = require "spec_wire"
            local process = wire.spawn({ "truncate", "-s", ("-%dK"):format(room), disk .. "/ballast" }, {})
            assert(process:wait() == 0)
            process:close()
         end
      end
      -- The ids of as many events as the disk takes.
      local function put_all(inbox)
         local count, ok, err = 0
         repeat
            ok, err = inbox:put { { body = body, id = "m" .. count + 1, order_key = "k" .. count % 7 } }
            count = count + (ok and 1 or 0)
         until not ok
         assert(err.code_name == "SQLITE_FULL", tostring(err))
         return count
      end
      local function handle_all(inbox)
         local count = 0
         repeat
            local list = assert(inbox:take("w", 5, 60))
            for _, entry in ipairs(list) do
               assert(inbox:done { entry.lease })
            end
            count = count + #list
            host:advance(0.1)
         until not list[1]
         return count
      end
   ]]

   local function run(script)
      local status, output = small_disk.run(mounted, 24 * 1024, prelude .. script .. ' print "good"')
      assert.equal("good\n", output)
      assert.equal(0, status)
   end

   it("refuses new events, handles those it has, and has marked them as handled", function()
      run [[
         local inbox = assert(open())
         fill(900)
         local count = put_all(inbox)
         assert(count > 50)
         assert(handle_all(inbox) == count)
         assert(inbox:close())
         inbox = assert(open())
         assert(not inbox:take("w", 10, 60)[1])
         assert(inbox:put { { body = body, id = "m1" } }[1] == "duplicate")
         inbox:close()
      ]]
   end)

   it("takes new events again when those that filled the disk have been handled", function()
      run [[
         local inbox = assert(open())
         fill(3000)
         local count = put_all(inbox)
         for _ = 1, 3 do
            assert(handle_all(inbox) > 0)
            host:advance(3)
            assert(inbox:stats().failure == nil, inbox:stats().failure)
            local ok
            local i = 0
            repeat
               ok = inbox:put { { body = body } }
               i = i + (ok and 1 or 0)
            until not ok
            assert(i > count / 4, i)
         end
         inbox:close()
      ]]
   end)

   it("takes new events without a restart when there is room, and has its reserve again", function()
      run [[
         local inbox = assert(open())
         fill(900)
         put_all(inbox)
         local taken = assert(inbox:take("w", 3, 60))
         assert(inbox:done { taken[1].lease, taken[2].lease })
         host:advance(5)
         put_all(inbox)
         assert(inbox:stats().failure)
         os.remove(disk .. "/ballast")
         host:advance(1.1)
         assert(inbox:stats().failure == nil)
         assert(inbox:put { { body = body } })
         host:advance(11)
         assert(size "inbox.db.reserve" == 8 * 1024 * 1024)
         inbox:close()
      ]]
   end)

   it("looks for its whole reserve when somebody else has taken a part of it", function()
      run [[
         local inbox = assert(open())
         assert(inbox:put { { body = body, id = "m1" } })
         local taken = assert(inbox:take("w", 1, 60))
         fill(0)
         repeat until not inbox:put { { body = body, order_key = "fill" } }
         inbox._file._reserve._file:release()
         os.execute("head -c 6M /dev/zero > " .. disk .. "/more")
         inbox:done { taken[1].lease }
         host:advance(5)
         assert(size "inbox.db.reserve" < 3 * 1024 * 1024)
         os.remove(disk .. "/more")
         host:advance(120)
         assert(size "inbox.db.reserve" == 8 * 1024 * 1024)
         inbox:close()
      ]]
   end)

   for what, ending in pairs {
      ["was killed"] = "os.execute 'kill -9 $PPID'", ["was stopped"] = "inbox:close()",
   } do
      it("starts on the full disk after a process that " .. what .. ", and handles what it has", function()
         folder:write("first.lua", ("disk = %q\n"):format(mounted) .. prelude .. [[
            local inbox = assert(open())
            fill(900)
            put_all(inbox)
         ]] .. ending)
         run(([[
            local wire = require "spec_wire"
            local process = wire.spawn({ wire.executable(), %q }, {})
            process:wait()
            process:close()
            os.execute("cat /dev/zero > " .. disk .. "/more 2>&-")
            local inbox = assert(open())
            local waiting = inbox:stats().pending
            assert(waiting > 50, waiting)
            assert(not inbox:put { { body = body } })
            assert(handle_all(inbox) == waiting)
            assert(size "inbox.db.reserve" > 6 * 1024 * 1024)
            os.remove(disk .. "/more")
            os.remove(disk .. "/ballast")
            host:advance(1.1)
            assert(inbox:put { { body = body } })
            inbox:close()
         ]]):format(folder:file "first.lua"))
      end)
   end

   it("lets a dead letter be deleted", function()
      run [[
         local inbox = assert(require("kenar.inbox").open("sqlite:" .. disk .. "/inbox.db", host, { attempts = 1 }))
         assert(inbox:put { { body = body } })
         inbox:fail(assert(inbox:take("w", 1, 60))[1].lease)
         fill(0)
         put_all(inbox)
         assert(inbox:discard(assert(inbox:dead())[1].number))
         inbox:close()
      ]]
   end)

   it("leaves no room of a disk that is too small for a reserve to itself", function()
      local status, output = small_disk.run(mounted, 12 * 1024, prelude .. [[
         local inbox = assert(open())
         assert(not size "inbox.db.reserve")
         assert(inbox:put { { body = body } })
         inbox:close()
         print "good"
      ]])
      assert.equal("good\n", output)
      assert.equal(0, status)
   end)

   describe("has a file", function()
      local path, host

      before_each(function()
         path, host = folder:file "inbox.db", virtual.new()
      end)

      it("of 8 MiB beside it, for its owner's eyes only, which stays", function()
         local inbox = assert(inboxes.open("sqlite:" .. path, host))
         inbox:close()
         local pipe = assert(io.popen(("stat -c '%%a %%s %%b' %s.reserve"):format(path)))
         assert.equal(("600 %d %d\n"):format(RESERVE, RESERVE / 512), pipe:read "*a")
         pipe:close()
      end)

      for what, make in pairs {
         ["a link"] = "touch %s/victim && ln -s victim %s.reserve", ["a file with another name"] =
            "touch %s/victim && ln %s/victim %s.reserve", ["a folder"] = "mkdir %s.reserve",
         ["a pipe"] = "mkfifo %s.reserve",
      } do
         it("and refuses " .. what .. " in its place", function()
            os.execute((make:gsub("%%s/", folder.path .. "/"):gsub("%%s", path)))
            local descriptors = wire.count_fds()
            local inbox, err = inboxes.open("sqlite:" .. path, host)
            assert.is_nil(inbox)
            assert.equal("store", err.kind)
            assert.equal(path .. ".reserve: expected a plain file of this user, or none", err.message)
            collectgarbage()
            assert.equal(descriptors, wire.count_fds())
         end)
      end
   end)
end)
