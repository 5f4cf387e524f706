--- The long runs: what the library promises of delivery, with faults, kills and time.
-- Usage: run.lua [SEED [MINUTES]]. Prints what was seen, and at the end how many runs held. MINUTES (10) is how long
-- nginx is under load.

local core = require "kenar.core"

local seed = tonumber(arg[1]) or math.floor(core.now())
local minutes = tonumber(arg[2]) or 10
local passed, failed = 0, 0

local function check(title, holds, figures)
   print(("%s: %s\n   %s"):format(holds and "held" or "FAILED", title, figures))
   if holds then
      passed = passed + 1
   else
      failed = failed + 1
   end
end

local function mib(bytes)
   return ("%.1f MiB"):format(bytes / 1048576)
end

-- Memory is flat when the last quarter has no more than the second one, with a tenth for the weather.
local function is_flat(memory)
   return memory[4] <= memory[2] * 1.1
end

local function outgoing()
   local memory = {}
   local began = core.clock()
   local report = require("spec.soak.outgoing").run {
      messages = 100000, conversations = 500, seed = seed, rate = 0.05, part = 25000,
      on_part = function(_, bytes) memory[#memory + 1] = bytes end,
   }
   check("100,000 messages to 500 conversations, 5 % of the calls fail: none lost, none twice, none out of order",
      report.lost + report.twice + report.out_of_order == 0 and report.ok > 95000 and is_flat(memory),
      ("ok %d, no %d, maybe %d, yes %d; lost %d, twice %d, out of order %d; %.0f s; memory by quarters %s, %s, %s, %s")
         :format(report.ok, report.no, report.maybe, report.yes, report.lost, report.twice, report.out_of_order,
            core.clock() - began, mib(memory[1]), mib(memory[2]), mib(memory[3]), mib(memory[4])))
end

local function incoming()
   local began = core.clock()
   local report = require("spec.soak.incoming").run { events = 10000, kills = 20, seed = seed }
   check("10,000 webhooks, the bot killed 20 times: each handled, each side effect once, in order",
      report.lost + report.effects_missing + report.effects_twice + report.out_of_order == 0,
      ("handled %d, again %d, lost %d; side effects missing %d, twice %d; out of order %d; %.0f s; memory %s")
         :format(report.handled, report.again, report.lost, report.effects_missing, report.effects_twice,
            report.out_of_order, core.clock() - began, mib(report.memory)))
end

local function in_nginx()
   local soak = require "spec.soak.nginx"
   if not soak.is_possible() then
      print "left out: nginx with Lua is not here"
      return
   end
   local report = soak.run(minutes * 60)
   local memory = report.memories
   check(("a bot in nginx under load for %g minutes: every event handled, memory flat"):format(minutes),
      report.refused == 0 and report.handled == report.posted and is_flat(memory),
      ("posted %d, refused %d, handled %d; memory of nginx by quarters %s, %s, %s, %s"):format(report.posted,
         report.refused, report.handled, mib(memory[1]), mib(memory[2]), mib(memory[3]), mib(memory[4])))
end

io.stdout:setvbuf "line"
print(("seed %d"):format(seed))
outgoing()
incoming()
in_nginx()
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
