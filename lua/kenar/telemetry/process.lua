--- What a process uses, whatever its bots do: memory, connections, how long it has been up.

local metrics = require "kenar.telemetry.metrics"

local process_metrics = {}

-- Linux tells it in kilobytes. Elsewhere there is no such file, and the series is absent.
local function resident_bytes()
   local file = io.open "/proc/self/status"
   if not file then
      return nil
   end
   local kilobytes = file:read("*a"):match "\nVmRSS:%s*(%d+) kB"
   file:close()
   return kilobytes and tonumber(kilobytes) * 1024
end

local function memory()
   return { lua = collectgarbage "count" * 1024, resident = resident_bytes() }
end

--- The metrics of the process, from now on.
---@param host kenar.Host on which it serves
---@return kenar.Metrics
function process_metrics.new(host)
   local self, started = metrics.new { of = "process", clock = host.clock }, host.now()
   self:gauge("kenar_memory_bytes", memory)
   self:gauge("kenar_start_time_seconds", function()
      return started
   end)
   self:gauge("kenar_transfers", host.stats)
   return self
end

return process_metrics
