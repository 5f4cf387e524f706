local core = require "kenar.core"
local wire = require "spec_wire"

describe("the terminal", function()
   local process

   -- Run a script whose `say` sends us a line, with a pipe as its stdin.
   local function start(script, command)
      local program = 'local core, wire = require "kenar.core", require "spec_wire" '
         .. 'local function say(value) io.write(tostring(value), ";") io.flush() end ' .. script
      local line = { wire.executable(), "-e", program }
      if command then
         line = { "script", "-qefc", ("%s %s -e '%s'"):format(command, wire.executable(), program), "/dev/null" }
      end
      process = assert(wire.spawn(line, { stdin = "pipe" }))
   end

   local function read()
      local output = ""
      repeat
         output = output .. assert(process:read())
      until output:find ";$"
      return output
   end

   after_each(function()
      if process then
         process:close()
         process = nil
      end
   end)

   it("is known from a pipe", function()
      start "say(core.is_terminal(0))"
      assert.equal("false;", read())
   end)

   it("is known when it is one", function()
      start("say(core.is_terminal(0))", "exec")
      assert.equal("true;", read())
   end)

   it("tells how wide it is", function()
      start("say(core.terminal_width(0))", "stty cols 57; exec")
      assert.equal("57;", read())
   end)

   it("has no width where it is a pipe", function()
      start "say(core.terminal_width(0))"
      assert.equal("nil;", read())
   end)

   it("is no file descriptor that is not open", function()
      assert.is_false(core.is_terminal(999))
   end)

   it("is read without waiting: nil when nothing was typed, the empty string at the end", function()
      start [[say(core.read_input(0))
         while true do
            wire.poll({ 0 }, 5)
            local bytes = core.read_input(0)
            say(bytes)
            if bytes == "" then break end
         end]]
      assert.equal("nil;", read())
      process:write "سلام\n"
      assert.equal("سلام\n;", read())
      process:write "a"
      assert.equal("a;", read())
      process:close_input()
      assert.equal(";", read())
   end)

   it("tells what is wrong with what it cannot read", function()
      local bytes, message = core.read_input(999)
      assert.is_nil(bytes)
      assert.is_string(message)
   end)

   it("takes descriptors only", function()
      assert.has_error(function() core.is_terminal(-1) end)
      assert.has_error(function() core.read_input "stdin" end)
      assert.has_error(function() core.read_input(2 ^ 31) end)
   end)
end)
