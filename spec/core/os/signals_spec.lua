local core = require "kenar.core"

local function own_pid()
   local file = assert(io.open "/proc/self/stat")
   local pid = file:read "*n"
   file:close()
   return pid
end

local function raise(name)
   os.execute(("kill -%s %d"):format(name, own_pid()))
end

describe("kenar.core.signals", function()
   it("turns a signal into something to read, and the process goes on", function()
      local signals = assert(core.signals("TERM", "INT"))
      assert.is_nil(signals:read())
      assert.is_number(signals:fd())
      raise "TERM"
      raise "INT"
      local got = { [signals:read()] = true, [signals:read()] = true }
      assert.same({ TERM = true, INT = true }, got)
      assert.is_nil(signals:read())
      signals:close()
   end)

   it("gives the signals back when it is closed, as often as one likes", function()
      local function blocked()
         local file = assert(io.open "/proc/self/status")
         local mask = file:read("*a"):match "\nSigBlk:%s*(%x+)"
         file:close()
         return mask
      end
      local before = blocked()
      local signals = assert(core.signals "USR1")
      assert.are_not.equal(before, blocked())
      signals:close()
      signals:close()
      assert.equal(before, blocked())
      assert.is_nil(signals:fd())
      assert.is_nil(signals:read())
      assert.equal("kenar.signals: closed", tostring(signals))
   end)

   it("raises for a signal it does not know", function()
      assert.error_matches(function() core.signals "KILL" end, "expected HUP, INT, TERM")
      assert.error_matches(function() core.signals() end, "expected the name of a signal")
   end)
end)
