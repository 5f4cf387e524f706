--- What sending keeps in memory.
-- Usage: memory.lua waiting BASE_URL CALLS          prints the peak resident memory in MiB while CALLS wait at once
--        memory.lua steady BASE_URL FIRST TOTAL     prints it after TOTAL messages, and its ratio to that after FIRST

local messages = require "spec.bench.messages"
local sender = require "spec.bench.kenar.sender"

local send_messages = sender.open(arg[2], messages.full)

local function memory(row)
   for line in io.lines "/proc/self/status" do
      local kib = line:match("^" .. row .. ":%s*(%d+)")
      if kib then
         return tonumber(kib) / 1024
      end
   end
   error("no row " .. row .. " in /proc/self/status")
end

local measures = {}

function measures.waiting(calls)
   send_messages(calls, calls)
   print(("%.1f"):format(memory "VmHWM"))
end

function measures.steady(first, total)
   send_messages(first, 64)
   local before = memory "VmRSS"
   send_messages(total - first, 64)
   print(("%.1f\t%.3f"):format(memory "VmRSS", memory "VmRSS" / before))
end

measures[arg[1]](tonumber(arg[3]), tonumber(arg[4]))
