local core = require "kenar.core"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

describe("kenar.core.lock_file", function()
   local folder, path, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder = scratch.new()
      path = folder:file "work.lock"
   end)

   after_each(function()
      folder:remove()
      collectgarbage()
      assert.equal(descriptors, wire.count_fds())
   end)

   local function own_pid()
      local file = assert(io.open "/proc/self/stat")
      local pid = file:read "*n"
      file:close()
      return pid
   end

   -- Another process that runs a script in which `say` sends us a line and `wait` waits for one of ours.
   local function start(script)
      return assert(wire.spawn({ wire.executable(), "-e", ([[
         local core = require "kenar.core"
         local path = %q
         local function say(value) io.write(tostring(value), "\n") io.flush() end
         local function wait() return io.read "*l" end
      ]]):format(path) .. script }, { stdin = "pipe" }))
   end

   local holder = [[local lock = assert(core.lock_file(path)) say "held" wait() lock:close() say "closed" wait()]]

   it("writes the number of the process that holds it", function()
      local lock = assert(core.lock_file(path))
      assert.equal(own_pid() .. "\n", folder:read "work.lock")
      assert.equal("kenar.file_lock: held", tostring(lock))
      lock:close()
   end)

   it("is for its owner's eyes only", function()
      local lock = assert(core.lock_file(path))
      local pipe = assert(io.popen("stat -c %a " .. path))
      assert.equal("600", pipe:read "*l")
      pipe:close()
      lock:close()
   end)

   it("names the process that holds it to another one", function()
      local process = start(holder)
      assert.equal("held\n", process:read())
      local lock, message, pid = core.lock_file(path)
      assert.is_nil(lock)
      assert.equal(process:pid(), pid)
      assert.equal(("%s: held by process %d"):format(path, pid), message)
      process:kill(9)
      process:close()
   end)

   it("is held once, by the same process too", function()
      local lock = assert(core.lock_file(path))
      local second, _, pid = core.lock_file(path)
      assert.is_nil(second)
      assert.equal(own_pid(), pid)
      lock:close()
   end)

   it("is not lost when the process opens and closes the file elsewhere", function()
      local lock = assert(core.lock_file(path))
      folder:read "work.lock"
      assert.is_nil((core.lock_file(path)))
      lock:close()
   end)

   it("is free after close, which may be called again, and leaves an empty file", function()
      local lock = assert(core.lock_file(path))
      lock:close()
      lock:close()
      assert.equal("kenar.file_lock: closed", tostring(lock))
      assert.equal("", folder:read "work.lock")
      assert(core.lock_file(path)):close()
   end)

   it("is free when the process was killed, though the file still names it", function()
      local process = start(holder)
      assert.equal("held\n", process:read())
      local pid = process:pid()
      process:kill(9)
      process:wait()
      process:close()
      assert.equal(pid .. "\n", folder:read "work.lock")
      local lock = assert(core.lock_file(path))
      assert.equal(own_pid() .. "\n", folder:read "work.lock")
      lock:close()
   end)

   it("is free when it was collected", function()
      assert(core.lock_file(path))
      collectgarbage()
      collectgarbage()
      assert(core.lock_file(path)):close()
   end)

   it("is not carried into the programs that the process starts", function()
      local process = start [[
         local lock = assert(core.lock_file(path))
         local pipe = io.popen "echo up; cat"
         say(pipe:read "*l")
         wait()]]
      assert.equal("up\n", process:read())
      process:kill(9)
      process:wait()
      local lock = assert(core.lock_file(path))
      lock:close()
      process:close()
   end)

   it("lasts while a child of a fork closes its copy", function()
      local lock = assert(core.lock_file(path))
      local child = assert(wire.fork(function()
         lock:close()
      end))
      assert.equal(0, child:wait())
      child:close()
      assert.equal(own_pid() .. "\n", folder:read "work.lock")
      assert.is_nil((core.lock_file(path)))
      lock:close()
   end)

   it("tells why a file cannot be locked", function()
      local lock, message, pid = core.lock_file(folder:file "missing/work.lock")
      assert.is_nil(lock)
      assert.is_nil(pid)
      assert.equal(folder:file "missing/work.lock" .. ": No such file or directory", message)
      assert.equal(folder.path .. ": Is a directory", select(2, core.lock_file(folder.path)))
   end)

   it("leaves a file that is not a lock as it is", function()
      local texts = { "user,text\n1,hello\n", "12\n34\n", "0\n", "-7\n", "7x\n", ("1"):rep(64) .. "\n", "\n", " 5\n" }
      for _, text in ipairs(texts) do
         folder:write("work.lock", text)
         local lock, message = core.lock_file(path)
         assert.is_nil(lock)
         assert.equal(path .. ": not a lock of kenar's; it is left as it is", message)
         assert.equal(text, folder:read "work.lock")
      end
   end)

   it("takes what a process that was killed may have left, with and without an end of its line", function()
      for _, text in ipairs { "", "4194304\n", "41" } do
         folder:write("work.lock", text)
         local lock = assert(core.lock_file(path))
         assert.equal(own_pid() .. "\n", folder:read "work.lock")
         lock:close()
      end
   end)

   it("follows no link, and makes no file through one", function()
      folder:write("victim", "4711\n")
      for _, target in ipairs { "victim", "missing" } do
         os.execute(("ln -sf %s %s"):format(target, path))
         local lock, message = core.lock_file(path)
         assert.is_nil(lock)
         assert.equal(path .. ": a symbolic link; a lock follows none", message)
      end
      assert.equal("4711\n", folder:read "victim")
      assert.is_nil((io.open(folder:file "missing")))
   end)

   it("refuses what is no plain file, without waiting for its other end", function()
      os.execute("mkfifo " .. path)
      local lock, message = core.lock_file(path)
      assert.is_nil(lock)
      assert.equal(path .. ": not a plain file", message)
   end)

   it("takes a path", function()
      assert.has_error(function() core.lock_file "" end)
      assert.has_error(function() core.lock_file "a\0b" end)
      assert.has_error(function() core.lock_file() end)
   end)
end)
