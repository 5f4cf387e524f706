local core = require "kenar.core"
local scratch = require "spec.support.scratch"
local small_disk = require "spec.support.small_disk"
local wire = require "spec_wire"

describe("kenar.core.append_file", function()
   local folder, path, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder = scratch.new()
      path = folder:file "log"
   end)

   after_each(function()
      folder:remove()
      collectgarbage()
      assert.equal(descriptors, wire.count_fds())
   end)

   local function stat(format)
      local pipe = assert(io.popen(("stat -c %s %s"):format(format, path)))
      local fact = pipe:read "*l"
      pipe:close()
      return fact
   end

   it("is there at once", function()
      local file = assert(core.append_file(path))
      assert.is_true(file:append "one\n")
      assert.equal("one\n", folder:read "log")
      assert.equal("kenar.append_file: open", tostring(file))
      file:close()
   end)

   it("goes on behind what is there", function()
      folder:write("log", "one\n")
      local file = assert(core.append_file(path))
      assert.equal(4, file:size())
      file:append "two\n"
      assert.equal(8, file:size())
      assert.equal("one\ntwo\n", folder:read "log")
      file:close()
   end)

   it("is for its owner's eyes only", function()
      local file = assert(core.append_file(path))
      assert.equal("600", stat "%a")
      file:close()
   end)

   it("is for its owner's eyes only when its path is a link to a file that is missing", function()
      os.execute(("ln -s target %s"):format(path))
      local file = assert(core.append_file(path))
      local pipe = io.popen("stat -L -c %a " .. path)
      assert.equal("600", pipe:read "*l")
      pipe:close()
      file:close()
   end)

   it("drops what is behind a size", function()
      local file = assert(core.append_file(path))
      file:append "one\ntw"
      assert.is_true(file:cut(4))
      file:append "two\n"
      assert.equal("one\ntwo\n", folder:read "log")
      assert.error_matches(function() file:cut(9) end, "not larger than the file")
      file:close()
   end)

   it("sets room aside on the disk, and gives back at close what was not used", function()
      local file = assert(core.append_file(path))
      assert.is_true(file:append("one\n", 20000))
      assert.equal(4, file:size())
      assert.equal("4", stat "%s")
      assert.is_true(tonumber(stat "%b") * 512 >= 20000)
      assert.is_true(file:close())
      assert.is_true(tonumber(stat "%b") * 512 <= 4096)
      assert.equal("one\n", folder:read "log")
   end)

   it("leaves a file alone to which nothing was written", function()
      folder:write("log", "somebody else's")
      assert(os.execute("touch -d '2020-01-01 00:00:00 UTC' " .. path))
      assert(core.append_file(path)):close()
      assert.equal("1577836800", stat "%Y")
   end)

   it("is closed once, by close or by the collector, and takes nothing after that", function()
      local file = assert(core.append_file(path))
      assert.is_true(file:close())
      assert.is_true(file:close())
      assert.equal("kenar.append_file: closed", tostring(file))
      assert.same({ nil, "Bad file descriptor" }, { file:append "one\n" })
   end)

   it("belongs to the process that opened it", function()
      local file = assert(core.append_file(path))
      local child = assert(wire.fork(function()
         assert(select(2, file:append "child\n") == "Operation not permitted")
         file:close()
      end, "all"))
      assert.equal(0, child:wait())
      child:close()
      file:append("one\n", 100)
      assert.equal("one\n", folder:read "log")
      file:close()
   end)

   it("tells why it cannot be opened", function()
      assert.same({ nil, "No such file or directory" }, { core.append_file(folder:file "missing/log") })
      assert.same({ nil, "Is a directory" }, { core.append_file(folder.path) })
      assert(os.execute("mkfifo " .. path))
      assert.same({ nil, "Not a plain file" }, { core.append_file(path) })
   end)

   it("takes a path", function()
      assert.has_error(function() core.append_file "" end)
      assert.has_error(function() core.append_file "a\0b" end)
   end)

   describe("on a disk that is full", function()
      local function run(script)
         local status, output = small_disk.run(folder.path, 64, [[
            local core = require "kenar.core"
            local file = assert(core.append_file(disk .. "/log"))
            local function say(...) print(...) end
         ]] .. script)
         assert.equal(0, status, output)
         return output
      end

      it("leaves nothing of what has no place", function()
         assert.equal("nil\tNo space left on device\n60000\ntrue\n", run [[
            file:append(("x"):rep(60000))
            say(file:append(("y"):rep(6000)))
            say(file:size())
            say(#io.open(disk .. "/log"):read "*a" == 60000)
         ]])
      end)

      it("keeps the room that it promised", function()
         assert.equal("true\nnil\tNo space left on device\ntrue\n", run [[
            local other = assert(core.append_file(disk .. "/other"))
            say(file:append("begun\n", 20000))
            while other:append(("x"):rep(4096)) do end
            say(other:append(("x"):rep(4096)))
            say(file:append(("y"):rep(20000)))
         ]])
      end)

      it("appends nothing when there is no room for what is to follow", function()
         assert.equal("nil\tNo space left on device\n0\n", run [[
            say(file:append("begun\n", 70000))
            say(file:size())
         ]])
      end)
   end)
end)
