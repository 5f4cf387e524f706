local command = require "spec.support.command"

describe("kenar, the command line", function()
   it("names its commands with --help", function()
      local status, output = command.run { "--help" }
      assert.equal(0, status)
      assert.truthy(output:find "\n   run ")
      assert.truthy(output:find "\n   sandbox ")
      assert.truthy(output:find("Exit status: 0 done, 64 wrong command line", 1, true))
   end)

   it("explains a command's options with --help", function()
      local status, output = command.run { "run", "--help" }
      assert.equal(0, status)
      assert.truthy(output:find("Usage: kenar run [-h] [--port <port>]", 1, true))
      assert.truthy(output:find "%-%-port <port> [^-]*%(default:%s+8080%)")
   end)

   it("prints the version", function()
      local status, output = command.run { "--version" }
      assert.equal(0, status)
      assert.equal("kenar " .. require "kenar.version" .. "\n", output)
   end)

   -- What is typed, and what is said of it.
   local mistakes = {
      { {}, "kenar: a command is required\n  Usage: kenar [-h]" },
      { { "rnu" }, "kenar: unknown command 'rnu'" },
      { { "run" }, "kenar: missing argument 'file'\n  Usage: kenar run" },
      { { "run", "a.lua", "b.lua" }, "kenar: too many arguments" },
      { { "run", "--prot", "1", "a.lua" }, "kenar: unknown option '--prot'" },
      { { "run", "--port", "http", "a.lua" }, 'kenar: --port: expected a number from 0 to 65535, got "http"' },
      { { "run", "--port", "65536", "a.lua" }, 'kenar: --port: expected a number from 0 to 65535, got "65536"' },
      { { "run", "--port", "80.5", "a.lua" }, 'kenar: --port: expected a number from 0 to 65535, got "80.5"' },
   }
   for _, row in ipairs(mistakes) do
      it(("exits with 64 on `kenar %s`"):format(table.concat(row[1], " ")), function()
         local status, output = command.run(row[1])
         assert.equal(64, status)
         assert.equal(row[2], output:sub(1, #row[2]))
      end)
   end
end)
