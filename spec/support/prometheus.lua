--- A strict reader of Prometheus's text format 0.0.4: what is not quite that raises.
local prometheus = {}

local escaped = { ["\\\\"] = "\\", ['\\"'] = '"', ["\\n"] = "\n" }

-- The labels between the braces, as name -> value and as one text to know the series by.
local function read_labels(text, line)
   local labels, at = {}, 1
   while at <= #text do
      local name, from = text:match('^([%a_][%w_]*)="()', at)
      assert(name, "no label at " .. at .. " of: " .. line)
      assert(labels[name] == nil, "a label twice: " .. line)
      local value, position = {}, from
      while text:sub(position, position) ~= '"' do
         local piece = text:match("^\\.", position)
         if piece then
            value[#value + 1] = assert(escaped[piece], "an unknown escape: " .. line)
         else
            piece = text:match('^[^\\"\n]+', position)
            value[#value + 1] = assert(piece, "the label does not end: " .. line)
         end
         position = position + #piece
      end
      labels[name] = table.concat(value)
      at = position + 1
      if at <= #text then
         assert(text:sub(at, at) == "," and at < #text, "no comma between labels: " .. line)
         at = at + 1
      end
   end
   return labels
end

local words = { NaN = 0 / 0, ["+Inf"] = math.huge, ["-Inf"] = -math.huge }

local function read_number(text, line)
   if words[text] then
      return words[text]
   end
   assert(text:find "^%-?%d+%.?%d*[eE]?[+-]?%d*$", "not a number: " .. line)
   return assert(tonumber(text), "not a number: " .. line)
end

local suffixes = {
   histogram = { _bucket = true, _sum = true, _count = true }, summary = { _sum = true, _count = true },
}

-- Whether a sample of this name belongs to the family whose TYPE came last.
local function belongs(family, name)
   if name == family.name then
      return family.type ~= "histogram"
   end
   local rest = name:sub(1, #family.name) == family.name and name:sub(#family.name + 1)
   return rest and suffixes[family.type] and suffixes[family.type][rest]
end

local function key_of(name, labels)
   local parts = {}
   for label, value in pairs(labels) do
      parts[#parts + 1] = ("%s=%q"):format(label, value)
   end
   table.sort(parts)
   return parts[1] and name .. "{" .. table.concat(parts, ",") .. "}" or name
end

local function without_bound(sample)
   local rest = {}
   for name, value in pairs(sample.labels) do
      if name ~= "le" then
         rest[name] = value
      end
   end
   return rest
end

-- Buckets rise to +Inf, which is the count.
local function check_histogram(family, values)
   local last = {}
   for _, sample in ipairs(family.samples) do
      if sample.name == family.name .. "_bucket" then
         local rest = without_bound(sample)
         local key = key_of(family.name, rest)
         local before = last[key] or { bound = -math.huge, value = 0 }
         local bound = read_number(assert(sample.labels.le, "a bucket without le"), key)
         assert(bound > before.bound, "bounds do not rise: " .. key)
         assert(sample.value >= before.value, "buckets are not cumulative: " .. key)
         last[key] = { bound = bound, value = sample.value, rest = rest }
      end
   end
   for key, final in pairs(last) do
      assert(final.bound == math.huge, "no +Inf bucket: " .. key)
      assert(final.value == values[key_of(family.name .. "_count", final.rest)], "+Inf is not the count: " .. key)
      assert(values[key_of(family.name .. "_sum", final.rest)], "no sum: " .. key)
   end
end

--- Read a text.
---@param text string
---@return table<string, number> values by series, labels in order: `name{a="1",b="2"}`
---@return table<string, table> families by name: type, help, samples
function prometheus.read(text)
   local values, families, family = {}, {}, nil
   assert(text:sub(-1) == "\n" and not text:find("\n\n", 1, true), "lines do not end as they should")
   for line in text:gmatch "([^\n]*)\n" do
      local comment, name, rest = line:match "^# (%u+) ([%a_:][%w_:]*) (.+)$"
      if comment == "HELP" then
         assert(not families[name], "a family in two places: " .. name)
         family = { name = name, help = rest, samples = {} }
         families[name] = family
      elseif comment == "TYPE" then
         assert(family and family.name == name and not family.type, "TYPE where none is expected: " .. line)
         assert(rest == "counter" or rest == "gauge" or rest == "histogram" or rest == "summary", line)
         assert((rest == "counter") == (name:find "_total$" ~= nil), "a counter ends in _total: " .. line)
         family.type = rest
      else
         local braces, number
         name, braces, number = line:match "^([%a_:][%w_:]*)(%b{}) (%S+)$"
         if not name then
            name, number = line:match "^([%a_:][%w_:]*) (%S+)$"
         end
         assert(name and family and family.type and belongs(family, name), "a stray line: " .. line)
         local sample = { name = name, labels = read_labels((braces or "{}"):sub(2, -2), line) }
         sample.value = read_number(number, line)
         local key = key_of(name, sample.labels)
         assert(values[key] == nil, "a series twice: " .. line)
         values[key] = sample.value
         family.samples[#family.samples + 1] = sample
      end
   end
   for _, each in pairs(families) do
      assert(each.samples[1], "a family without samples: " .. each.name)
      if each.type == "histogram" then
         check_histogram(each, values)
      end
   end
   return values, families
end

return prometheus
