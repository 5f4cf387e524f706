--- Interleaved rounds: every contestant once, then every contestant again, so that what disturbs the machine
--- disturbs all of them. A ratio is taken inside its round; what is reported is the median.

local rounds = {}

--- The middle of a list of numbers.
---@param values number[] at least one
---@return number
function rounds.median(values)
   local sorted = {}
   for i, value in ipairs(values) do
      sorted[i] = value
   end
   table.sort(sorted)
   local middle = (#sorted + 1) / 2
   return (sorted[math.floor(middle)] + sorted[math.ceil(middle)]) / 2
end

--- Run every contestant once a round.
---@param count integer
---@param contestants (fun(): number)[] each returns its cost; the first is what the others are held against
---@return { value: number, ratio: number }[] medians, in the contestants' order
function rounds.compare(count, contestants)
   local values, ratios, medians = {}, {}, {}
   for i in ipairs(contestants) do
      values[i], ratios[i] = {}, {}
   end
   for round = 1, count do
      for i, contestant in ipairs(contestants) do
         values[i][round] = contestant()
         ratios[i][round] = values[i][round] / values[1][round]
      end
   end
   for i in ipairs(contestants) do
      medians[i] = { value = rounds.median(values[i]), ratio = rounds.median(ratios[i]) }
   end
   return medians
end

return rounds
