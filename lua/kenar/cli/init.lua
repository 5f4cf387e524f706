--- The `kenar` command: its arguments, its errors, its exit status.

local failure = require "kenar.cli.failure"
local printable = require "kenar.base.printable"

local cli = {}

-- One row per command: its name, its module, and its field in a module with several commands.
local commands = {
   { "new", "kenar.cli.new" },
   { "doctor", "kenar.cli.doctor" },
   { "run", "kenar.cli.run" },
   { "sandbox", "kenar.cli.sandbox" },
   { "send", "kenar.cli.send" },
   { "inbox", "kenar.cli.inbox" },
   { "replay", "kenar.cli.replay", "replay" },
   { "discard", "kenar.cli.replay", "discard" },
}

local epilog = [[
Exit status: 0 done, 64 wrong command line, 65 mistake in a file,
66 no such file, 69 port taken, 70 no memory or a mistake of kenar's own,
74 a file or its disk fails, 75 not everything was sent,
78 a key is missing or a setting wrong.]]

local function print_version()
   print("kenar " .. require "kenar.version")
   os.exit(0)
end

local function build()
   local parser = require "argparse"("kenar", "Bots for Divar's Kenar chat platform.", epilog):help_max_width(80)
   parser:flag("--version", "Print the version and exit."):action(print_version)
   parser:command_target "command"
   parser:require_command(true)
   local known = {}
   for _, row in ipairs(commands) do
      local name, command = row[1], require(row[2])
      command = row[3] and command[row[3]] or command
      local sub = parser:command(name, command.summary)
      for _, argument in ipairs(command.arguments) do
         sub:argument(argument)
      end
      for _, option in ipairs(command.options) do
         sub:option(option)
      end
      known[name] = command
   end
   return parser, known
end

local function report(why)
   io.stderr:write("kenar: ", printable.text(why.message), "\n")
   if why.hint then
      io.stderr:write("  ", (printable.text(why.hint):gsub("\n", "\n  ")), "\n")
   end
   return why.status
end

local function usage_failure(parser, message)
   error(failure.new("usage", message, parser:get_usage()), 0)
end

local function as_failure(raised)
   if failure.is(raised) then
      return raised
   end
   return failure.new("software", debug.traceback(tostring(raised), 2))
end

local function run(arguments)
   local parser, known = build()
   parser.error = usage_failure
   local given = parser:parse(arguments)
   return known[given.command].run(given)
end

--- Run a command line.
---@param arguments string[]
---@return integer status the process's exit status
function cli.main(arguments)
   if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
      return report(failure.new("software", "this is Lua 5.1; kenar runs on Lua 5.4 and on LuaJIT 2.1"))
   end
   io.stdout:setvbuf "line"
   local ran, done, why = xpcall(run, as_failure, arguments)
   if not ran then
      -- A memory error does not pass through the message handler.
      return report(failure.is(done) and done or failure.new("software", tostring(done)))
   end
   return done and 0 or report(why)
end

return cli
