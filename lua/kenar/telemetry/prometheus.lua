--- Metrics as Prometheus reads them: its text format, version 0.0.4.

local json = require "kenar.json"
local metrics = require "kenar.telemetry.metrics"
local repaired = require "kenar.telemetry.utf8"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local metrics_text = {}

--- The media type of the text.
metrics_text.CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

local escapes = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

-- json.encode writes a point whatever the locale.
local function number(value)
   if value ~= value then
      return "NaN"
   elseif value == math.huge then
      return "+Inf"
   elseif value == -math.huge then
      return "-Inf"
   end
   return assert(json.encode(value))
end

local function sorted_keys(map)
   local keys = {}
   for key in pairs(map) do
      keys[#keys + 1] = key
   end
   table.sort(keys)
   return keys
end

local function label(name, value)
   return ('%s="%s"'):format(name, (repaired(value):gsub('[\\"\n]', escapes)))
end

-- Lines of one family, and the labels that every one of them has.
local Writer = {}
Writer.__index = Writer

function Writer:sample(name, labels, value)
   local all = {}
   for _, text in ipairs(self.common) do
      all[#all + 1] = text
   end
   for _, text in ipairs(labels) do
      all[#all + 1] = text
   end
   local braces = all[1] and "{" .. table.concat(all, ",") .. "}" or ""
   self.lines[#self.lines + 1] = name .. braces .. " " .. number(value)
end

-- Values of a family by its labels, the first one outermost.
function Writer:values(family, series, labels, depth)
   if type(series) == "number" then
      self:sample(family.name, labels, series)
      return
   end
   for _, key in ipairs(sorted_keys(series)) do
      labels[depth] = label(family.labels[depth], key)
      self:values(family, series[key], labels, depth + 1)
   end
   labels[depth] = nil
end

function Writer:totals(family, own, cell)
   self:sample(family.name .. "_sum", { own }, cell.sum)
   self:sample(family.name .. "_count", { own }, cell.count)
end

local writers = {}

function writers.counter(writer, family, series)
   if not family.labels[1] then
      series = series[1] or 0
   end
   writer:values(family, series, {}, 1)
end

function writers.gauge(writer, family, read)
   local value = type(read) == "function" and read() or nil
   if value ~= nil then
      writer:values(family, value, {}, 1)
   end
end

function writers.histogram(writer, family, series)
   for _, key in ipairs(sorted_keys(series)) do
      local cell, own, sum = series[key], label(family.labels[1], key), 0
      for index = 1, #family.buckets + 1 do
         sum = sum + cell[index]
         writer:sample(family.name .. "_bucket", { own, label("le", number(family.buckets[index] or math.huge)) }, sum)
      end
      writer:totals(family, own, cell)
   end
end

function writers.summary(writer, family, series, registry)
   for _, key in ipairs(sorted_keys(series)) do
      local own = label(family.labels[1], key)
      local values = { registry:quantiles(family.name, key, unpack(family.quantiles)) }
      for index, q in ipairs(family.quantiles) do
         -- Where nobody pressed a button for ten minutes there is none.
         writer:sample(family.name, { own, label("quantile", number(q)) }, values[index] or 0 / 0)
      end
      writer:totals(family, own, series[key])
   end
end

local function common_labels(registry)
   local common = {}
   for _, name in ipairs(sorted_keys(registry.labels)) do
      common[#common + 1] = label(name, registry.labels[name])
   end
   return common
end

--- The text of several metrics as of one process. Two that count the same differ by their `labels`.
---@param registries kenar.Metrics[]
---@return string
function metrics_text.render(registries)
   local text = {}
   for _, family in ipairs(metrics.families) do
      local lines = {}
      for _, registry in ipairs(registries) do
         local series = registry._series[family.name]
         if series then
            local writer = setmetatable({ lines = lines, common = common_labels(registry) }, Writer)
            writers[family.type](writer, family, series, registry)
         end
      end
      if lines[1] then
         text[#text + 1] = ("# HELP %s %s"):format(family.name, family.help)
         text[#text + 1] = ("# TYPE %s %s"):format(family.name, family.type)
         text[#text + 1] = table.concat(lines, "\n")
      end
   end
   return table.concat(text, "\n") .. "\n"
end

return metrics_text
