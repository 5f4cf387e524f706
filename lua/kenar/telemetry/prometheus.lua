--- Metrics as Prometheus reads them: its text format, version 0.0.4.

local json = require "kenar.json"
local repaired = require "kenar.base.utf8"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local prometheus = {}

--- The media type of the text.
prometheus.CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

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

-- The lines of each family, of all registries, by the family's name.
local function lines_by_family(registries)
   local lines = {}
   for _, registry in ipairs(registries) do
      local common = common_labels(registry)
      registry:each(function(family, series)
         lines[family.name] = lines[family.name] or {}
         local writer = setmetatable({ lines = lines[family.name], common = common }, Writer)
         writers[family.type](writer, family, series, registry)
      end)
   end
   return lines
end

--- The text of several registries as of one process. Two that count the same differ by their `labels`.
---@param families kenar.MetricFamily[] in the order in which they are shown
---@param registries kenar.Metrics[]
---@return string
function prometheus.render(families, registries)
   local text, lines = {}, lines_by_family(registries)
   for _, family in ipairs(families) do
      local own = lines[family.name]
      if own and own[1] then
         text[#text + 1] = ("# HELP %s %s"):format(family.name, family.help)
         text[#text + 1] = ("# TYPE %s %s"):format(family.name, family.type)
         text[#text + 1] = table.concat(own, "\n")
      end
   end
   return table.concat(text, "\n") .. "\n"
end

return prometheus
