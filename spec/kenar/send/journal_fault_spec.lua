local core = require "kenar.core"
local journals = require "kenar.send.journal"
local scratch = require "spec.support.scratch"
local small_disk = require "spec.support.small_disk"
local wire = require "spec_wire"

describe("a journal, when something goes wrong", function()
   local folder, path, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder = scratch.new()
      path = folder:file "ads.journal"
   end)

   after_each(function()
      folder:remove()
      collectgarbage()
      assert.equal(descriptors, wire.count_fds())
   end)

   describe("and another process has it", function()
      it("names that process, and opens when it is gone", function()
         local child = assert(wire.spawn({ wire.executable(), "-e", ([[
            local journal = assert(require("kenar.send.journal").open(%q))
            journal:begin "ad-1"
            io.write "up\n" io.flush() io.read "*l"
         ]]):format(path) }, { stdin = "pipe" }))
         assert.equal("up\n", child:read())
         local journal, err = journals.open(path)
         assert.is_nil(journal)
         assert.equal(child:pid(), err.pid)
         assert.equal(("store: %s: another run has it, process %d"):format(path, child:pid()), tostring(err))
         child:kill()
         child:wait()
         child:close()
         journal = assert(journals.open(path))
         assert.equal("doubt", journal:state "ad-1")
         journal:close()
      end)

      it("is not had twice by this one either", function()
         local journal = assert(journals.open(path))
         assert.is_nil((journals.open(path)))
         journal:begin "ad-1"
         journal:close()
         assert(journals.open(path)):close()
      end)
   end)

   describe("and the process is killed", function()
      local COUNT = 20000

      -- Go on with the run: each key is "sent" by a line in another file, between begin and finish. After `most` keys
      -- it waits to be killed.
      local function run(most)
         local done = 0
         local journal = assert(journals.open(path))
         local sent = assert(core.append_file(folder:file "sent"))
         for i = 1, COUNT do
            local key = "ad-" .. i
            if not journal:state(key) then
               assert(journal:begin(key))
               assert(sent:append(key .. "\n"))
               assert(journal:finish(key, "sent"))
               done = done + 1
               if done == most then
                  wire.poll({}, 20)
               end
            end
         end
         journal:close()
      end

      local function size()
         local file = io.open(path, "rb")
         local bytes = file and file:seek "end" or 0
         if file then
            file:close()
         end
         return bytes
      end

      -- Start a process that goes on with it, and kill it when the file has grown by so many bytes.
      local function kill_after(bytes)
         local child = assert(wire.fork(function() run(700) end))
         local goal, deadline = size() + bytes, core.clock() + 20
         while size() < goal and child:wait(0) == nil do
            assert(core.clock() < deadline)
         end
         child:kill()
         local status = child:wait()
         child:close()
         return status
      end

      it("at any moment, sends no row twice and loses none; one at most is in doubt for each kill", function()
         local kills, seed = 0, 1402
         for _ = 1, 25 do
            seed = (seed * 16807) % 2147483647
            kills = kills + (kill_after(seed % 8000) == 137 and 1 or 0)
         end
         assert.equal(25, kills)
         run()

         local times = {}
         for key in folder:read "sent":gmatch "[^\n]+" do
            assert.is_nil(times[key], key)
            times[key] = 1
         end
         local journal = assert(journals.open(path))
         local _, in_doubt = journal:in_doubt()
         for i = 1, COUNT do
            local key = "ad-" .. i
            local state = journal:state(key)
            if not (state == "sent" and times[key] or state == "doubt") then
               error(("%s: %s, sent: %s"):format(key, tostring(state), tostring(times[key])))
            end
         end
         journal:close()
         assert.is_true(in_doubt <= kills, in_doubt .. " in doubt")
      end)
   end)

   describe("on a disk of 64 KiB", function()
      local function run(script)
         local status, output = small_disk.run(folder.path, 64, [[
            local journals = require "kenar.send.journal"
            local path = disk .. "/ads.journal"
            local function fill()
               local file = io.open(disk .. "/other", "ab")
               file:setvbuf "no"
               while file:write(("x"):rep(4096)) do end
               file:close()
            end
         ]] .. script)
         assert.equal(0, status, output)
         return (output:gsub(folder.path, "disk", nil))
      end

      it("that is full, is not opened", function()
         assert.equal("nil\tstore: disk/ads.journal: No space left on device\n", run [[
            fill()
            print(journals.open(path))
         ]])
      end)

      it("that gets full, begins nothing more, and writes how all that were begun have ended", function()
         assert.equal("true\nnil\tstore: disk/ads.journal: No space left on device\n20\n20\tfalse\ttrue\n", run [[
            local journal = assert(journals.open(path))
            local begun, ok, err = {}, true
            for i = 1, 20 do
               begun[i] = "first-" .. i
               assert(journal:begin(begun[i]))
            end
            fill()
            while ok do
               ok, err = journal:begin("ad-" .. #begun)
               if ok then
                  begun[#begun + 1] = "ad-" .. #begun
               end
            end
            print(#begun > 20)
            print(ok, err)
            local finished = 0
            for _, key in ipairs(begun) do
               assert(journal:finish(key, "failed", ("why "):rep(100)))
               finished = finished + (key:find "^first" and 1 or 0)
            end
            print(finished)
            assert(journal:close())

            os.remove(disk .. "/other")
            journal = assert(journals.open(path))
            local known = 0
            for i = 1, 20 do
               known = known + (journal:state("first-" .. i) == "failed" and 1 or 0)
            end
            print(known, journal.torn, journal:state("ad-" .. #begun) == nil)
            journal:close()
         ]])
      end)

      it("that may only be read, is not opened, and not changed", function()
         assert.equal("nil\tstore: disk/ads.journal: Read-only file system\n"
            .. "nil\tstore: disk/none: Read-only file system\n", run [[
            journals.open(path):close()
            remount "ro"
            print(journals.open(path))
            print(journals.open(disk .. "/none"))
         ]])
      end)
   end)
end)
