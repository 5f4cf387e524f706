--- Counts and times of what a bot does, kept as numbers until somebody asks.
--
-- A name that is not listed here, or a label that is missing, raises: labels are values from short lists of ours (kinds
-- of events, names of endpoints), never ids or texts, so that the number of series stays small.

local core = require "kenar.core"
local families = require "kenar.telemetry.families"
local prometheus = require "kenar.telemetry.prometheus"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local metrics = {}

-- Quantiles are those of the last so many observations that are not older than so many seconds.
local WINDOW, WINDOW_AGE = 1000, 600

local by_name = {}
for _, family in ipairs(families) do
   by_name[family.name] = family
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

--- Call `visit` for each family that these metrics have, in the order in which they are shown.
---@param visit fun(family: kenar.MetricFamily, series: table|function) `series`: the values by their labels; of a gauge
---   that was set, the function that reads it
function Metrics:each(visit)
   for _, family in ipairs(families) do
      local series = self._series[family.name]
      if series then
         visit(family, series)
      end
   end
end

--- These metrics in Prometheus's text format: see kenar.telemetry.prometheus.
---@return string
function Metrics:render()
   return metrics.render { self }
end

--- Several metrics as one text, as of one process. Two that count the same differ by their `labels`.
---@param registries kenar.Metrics[]
---@return string
function metrics.render(registries)
   return prometheus.render(families, registries)
end

--- Start to count.
---@param options? { of: "bot"|"process", clock: fun(): number, labels: table<string, string> } whose metrics these are
---   (default: a bot's); `clock` gives seconds that never go back
---@return kenar.Metrics
function metrics.new(options)
   options = options or {}
   local series = {}
   for _, family in ipairs(families) do
      if family.of == (options.of or "bot") then
         series[family.name] = {}
      end
   end
   return setmetatable({
      _clock = options.clock or core.clock, _series = series, labels = options.labels or {},
   }, Metrics)
end

return metrics
