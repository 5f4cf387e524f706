--- The families of metrics that kenar keeps: one row each.

-- Seconds. Divar unpublishes an app whose answers take longer than 2 seconds; 0.4 is when kenar answers early.
local BUCKETS = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 1, 2, 5, 10, 30 }

---@class kenar.MetricFamily
---@field name string
---@field type "counter"|"histogram"|"summary"|"gauge"
---@field help string
---@field labels string[] none, one or, of a counter, two
---@field of "bot"|"process" which registries have it; default "bot"
---@field buckets? number[] of a histogram
---@field quantiles? number[] of a summary

--- One row a family, in the order in which they are shown.
---@type kenar.MetricFamily[]
local families = {
   { name = "kenar_events_total", type = "counter", labels = { "kind", "outcome" },
      help = "Events that were handled, by what became of them." },
   { name = "kenar_handler_seconds", type = "histogram", labels = { "kind" }, buckets = BUCKETS,
      help = "Time that handlers took." },
   { name = "kenar_callback_seconds", type = "summary", labels = { "kind" }, quantiles = { 0.5, 0.99 },
      help = "Time until an event that a user waits for was answered; quantiles of the last ten minutes." },
   { name = "kenar_late_answers_total", type = "counter", labels = { "kind" },
      help = "Events that a user waits for whose handler was late: the fallback was answered." },
   { name = "kenar_duplicates_total", type = "counter", labels = {},
      help = "Events that Divar sent again and that were not handled again." },
   { name = "kenar_calls_total", type = "counter", labels = { "endpoint", "outcome" },
      help = "Requests to Divar, each repetition counted, by ok or the kind of error." },
   { name = "kenar_call_seconds", type = "histogram", labels = { "endpoint" }, buckets = BUCKETS,
      help = "Time that a request to Divar took." },
   { name = "kenar_retries_total", type = "counter", labels = { "endpoint" },
      help = "Requests to Divar that repeated one that had failed." },
   { name = "kenar_log_lines_lost_total", type = "counter", labels = {},
      help = "Log lines that could not be written: stderr has no reader, or its disk is full." },
   { name = "kenar_inbox_events", type = "gauge", labels = { "state" },
      help = "Events in the inbox." },
   { name = "kenar_transfers", type = "gauge", labels = { "state" }, of = "process",
      help = "Requests of this process that are on the wire, and that wait for a place there." },
   { name = "kenar_memory_bytes", type = "gauge", labels = { "area" }, of = "process",
      help = "Memory: what Lua has in use, and what the process has in RAM." },
   { name = "kenar_start_time_seconds", type = "gauge", labels = {}, of = "process",
      help = "When the bot began to serve, in seconds since 1970." },
}

for _, family in ipairs(families) do
   family.of = family.of or "bot"
end

return families
