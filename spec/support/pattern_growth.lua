--- Whether the work of a pattern grows faster than the text: tried with texts that are made from the pattern itself.

local pattern_work = require "spec.support.pattern_work"

local pattern_growth = {}

local SHORT = 32
-- The most steps a byte that patterns of a few items take when their work is in proportion to the text.
local STEPS_A_BYTE = 12

local CANDIDATES = "a0 _-./:=;,\n\r\t\"'%{}[]()+@?#&<>|~X\1\128\191\194\217\219\226"

-- One byte that a class takes.
local function sample(class)
   local at = CANDIDATES:find(class)
   if at then
      return CANDIDATES:sub(at, at)
   end
   for byte = 0, 255 do
      if string.char(byte):find("^" .. class) then
         return string.char(byte)
      end
   end
   return ""
end

local function samples_of(items)
   local samples = {}
   for _, item in ipairs(items) do
      if item.kind == "single" then
         samples[#samples + 1] = sample(item.class)
      end
   end
   return samples
end

local function insert_new(list, seen, text)
   if text ~= "" and not seen[text] then
      seen[text] = true
      list[#list + 1] = text
   end
end

-- Ends at which a match fails: nothing, a rare byte, and for each class one that it does not take.
local function suffixes_of(items, samples)
   local suffixes, seen = { "" }, {}
   insert_new(suffixes, seen, "\1")
   for _, text in ipairs(samples) do
      insert_new(suffixes, seen, text)
      insert_new(suffixes, seen, text .. "\1")
   end
   for _, item in ipairs(items) do
      local rest = item.kind == "single" and item.quantifier ~= "" and CANDIDATES:gsub(item.class, "") or ""
      insert_new(suffixes, seen, rest:sub(1, 1))
   end
   return suffixes
end

-- Each byte that matters, and two or three that the pattern wants side by side.
local function pumps_of(samples)
   local pumps, seen = {}, {}
   for i, text in ipairs(samples) do
      insert_new(pumps, seen, text)
      insert_new(pumps, seen, text .. (samples[i + 1] or ""))
      insert_new(pumps, seen, text .. (samples[i + 1] or "") .. (samples[i + 2] or ""))
   end
   insert_new(pumps, seen, " ")
   return pumps
end

local UNBOUNDED = { ["*"] = true, ["+"] = true, ["-"] = true }

-- What the items want that stand before a repetition.
local function prefixes_of(items)
   local prefixes, seen, prefix = { "" }, {}, ""
   for _, item in ipairs(items) do
      if UNBOUNDED[item.quantifier] then
         insert_new(prefixes, seen, prefix)
      end
      prefix = prefix .. (item.kind == "single" and sample(item.class) or "")
   end
   return prefixes
end

local function can_be_slow(items)
   local repeated = 0
   for _, item in ipairs(items) do
      if UNBOUNDED[item.quantifier] then
         repeated = repeated + 1
      end
   end
   return repeated > (items.is_anchored and 1 or 0)
end

local function is_slow(pattern, long, short)
   local steps = pattern_work.all(long, pattern)
   return steps > STEPS_A_BYTE * #long and steps > 3 * pattern_work.all(short, pattern)
end

--- A text for which twice the length is more than three times the work.
---@param pattern string
---@return string? text
function pattern_growth.find(pattern)
   local items = pattern_work.parse(pattern)
   if not can_be_slow(items) then
      return nil
   end
   local samples = samples_of(items)
   local suffixes = suffixes_of(items, samples)
   for _, prefix in ipairs(prefixes_of(items)) do
      for _, pump in ipairs(pumps_of(samples)) do
         for _, suffix in ipairs(suffixes) do
            local long = prefix .. pump:rep(2 * SHORT) .. suffix
            if is_slow(pattern, long, prefix .. pump:rep(SHORT) .. suffix) then
               return long
            end
         end
      end
   end
end

return pattern_growth
