--- The known name that a misspelt one most resembles.

local nearest = {}

-- Levenshtein's distance, row by row.
local function distance(a, b)
   local previous = {}
   for j = 0, #b do
      previous[j] = j
   end
   for i = 1, #a do
      local row = { [0] = i }
      for j = 1, #b do
         local cost = a:byte(i) == b:byte(j) and 0 or 1
         row[j] = math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + cost)
      end
      previous = row
   end
   return previous[#b]
end

-- `session` means `deliveries.session`: the last part alone is compared, too.
local function distance_to(given, name)
   local last = name:match "^.*%.(.+)$" or name
   return math.min(distance(given, name), distance(given, last))
end

--- Find it. At most a third of the given name may differ.
---@param given string
---@param names string[]
---@return string?
function nearest.of(given, names)
   local found, least = nil, math.floor(#given / 3) + 1
   if #given > 100 then
      return nil
   end
   for _, name in ipairs(names) do
      local apart = distance_to(given, name)
      if apart < least then
         found, least = name, apart
      end
   end
   return found
end

return nearest
