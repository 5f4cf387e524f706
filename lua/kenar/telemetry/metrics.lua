--- Counts and times of what a bot does, kept as numbers until somebody asks.
--
-- A name that is not listed here, or a label that is missing, raises: labels are values from short lists of ours (kinds
-- of events, names of endpoints), never ids or texts, so that the number of series stays small.

local core = require "kenar.core"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local metrics = {}

-- Seconds. 0.4 and 2 are there for Divar's sake: an app whose answers take longer than 2 seconds is unpublished.
local BUCKETS = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 1, 2, 5, 10, 30 }

-- Quantiles are those of the last so many observations that are not older than so many seconds.
local WINDOW, WINDOW_AGE = 1000, 600

---@class kenar.MetricFamily
---@field name string
---@field type "counter"|"histogram"|"summary"|"gauge"
---@field help string
---@field labels string[] none, one or, of a counter, two
---@field of "bot"|"process" whose metrics have it
---@field buckets? number[] of a histogram
---@field quantiles? number[] of a summary

--- One row a family, in the order in which they are shown.
---@type kenar.MetricFamily[]
metrics.families = {
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

local by_name = {}
for _, family in ipairs(metrics.families) do
   by_name[family.name] = family
   family.of = family.of or "bot"
end

---@class kenar.Metrics
---@field labels table<string, string> those that all its series have
local Metrics = {}
Metrics.__index = Metrics
Metrics.__name = "kenar.metrics"

function Metrics.__tostring()
   return Metrics.__name
end

local function family_of(self, name, is_type)
   local family = by_name[name]
   if not family or not is_type[family.type] or not self._series[name] then
      error("no such metric: " .. tostring(name), 3)
   end
   return family
end

local is_counter = { counter = true }
local is_timed = { histogram = true, summary = true }
local is_summary = { summary = true }
local is_gauge = { gauge = true }

--- Count one more. `m:add("kenar_retries_total", "send_message")`
---@param name string
---@param first? string the value of the first label
---@param second? string that of the second
function Metrics:add(name, first, second)
   local names = family_of(self, name, is_counter).labels
   local series, key = self._series[name], first
   if names[2] then
      local inner = series[first]
      if not inner then
         inner = {}
         series[first] = inner
      end
      series, key = inner, second
   elseif not names[1] then
      key = 1
   end
   series[key] = (series[key] or 0) + 1
end

local function new_cell(family)
   local cell = { count = 0, sum = 0 }
   if family.type == "summary" then
      cell.values, cell.times = {}, {}
   else
      for index = 1, #family.buckets + 1 do
         cell[index] = 0
      end
   end
   return cell
end

--- Keep how long something took. `m:observe("kenar_handler_seconds", "message", 0.003)`
---@param name string
---@param label string
---@param seconds number
function Metrics:observe(name, label, seconds)
   local family = family_of(self, name, is_timed)
   local cell = self._series[name][label]
   if not cell then
      cell = new_cell(family)
      self._series[name][label] = cell
   end
   if family.type == "summary" then
      local slot = cell.count % WINDOW + 1
      cell.values[slot], cell.times[slot] = seconds, self._clock()
   else
      local buckets, index = family.buckets, 1
      while buckets[index] and seconds > buckets[index] do
         index = index + 1
      end
      cell[index] = cell[index] + 1
   end
   cell.count, cell.sum = cell.count + 1, cell.sum + seconds
end

--- Say where a value is found when somebody asks for it.
---@param name string
---@param read fun(): number|table<string, number>|nil a number or, where the family has a label, one for each of its
---   values; nil where it cannot be told
function Metrics:gauge(name, read)
   family_of(self, name, is_gauge)
   self._series[name] = read
end

-- What the window holds, the least first.
local function sorted_window(self, cell)
   local oldest, values = self._clock() - WINDOW_AGE, {}
   for slot, at in ipairs(cell.times) do
      if at >= oldest then
         values[#values + 1] = cell.values[slot]
      end
   end
   table.sort(values)
   return values
end

-- The least value that is not exceeded by a share of `q` of all (the nearest rank).
local function nearest_rank(sorted, q)
   return sorted[math.max(1, math.ceil(q * #sorted))]
end

--- Quantiles of the window: the last 1,000 observations, of which none is older than ten minutes.
---@param name string of a summary
---@param label string
---@param ... number shares from 0 to 1: 0.5 is the median
---@return number? ... seconds, one for each share; nil where nothing was observed
function Metrics:quantiles(name, label, ...)
   family_of(self, name, is_summary)
   local cell = self._series[name][label]
   local sorted, results = cell and sorted_window(self, cell) or {}, {}
   local count = select("#", ...)
   for index = 1, count do
      results[index] = nearest_rank(sorted, (select(index, ...)))
   end
   return unpack(results, 1, count)
end

--- One quantile: see `quantiles`.
---@param name string
---@param label string
---@param q number
---@return number? seconds
function Metrics:quantile(name, label, q)
   return (self:quantiles(name, label, q))
end

--- The Prometheus text of these metrics: see kenar.telemetry.prometheus.
---@return string
function Metrics:render()
   return require("kenar.telemetry.prometheus").render { self }
end

--- Start to count.
---@param options? { of: "bot"|"process", clock: fun(): number, labels: table<string, string> } whose metrics these are
---   (default: a bot's); `clock` gives seconds that never go back
---@return kenar.Metrics
function metrics.new(options)
   options = options or {}
   local series = {}
   for _, family in ipairs(metrics.families) do
      if family.of == (options.of or "bot") then
         series[family.name] = {}
      end
   end
   return setmetatable({
      _clock = options.clock or core.clock, _series = series, labels = options.labels or {},
   }, Metrics)
end

return metrics
