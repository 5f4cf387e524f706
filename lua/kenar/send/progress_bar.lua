--- How far a run has come, as one line for people.

local progress_bar = {}

-- A bar that is shorter says nothing; one that is longer says no more.
local SHORTEST, LONGEST = 10, 40

--- A span of time in its two largest units: "2 h 5 min".
---@param seconds number
---@return string
function progress_bar.span(seconds)
   seconds = math.floor(seconds + 0.5)
   if seconds < 60 then
      return ("%d s"):format(seconds)
   elseif seconds < 3600 then
      return ("%d min %d s"):format(math.floor(seconds / 60), seconds % 60)
   elseif seconds < 86400 then
      return ("%d h %d min"):format(math.floor(seconds / 3600), math.floor(seconds % 3600 / 60))
   end
   return ("%d d %d h"):format(math.floor(seconds / 86400), math.floor(seconds % 86400 / 3600))
end

-- What is seldom so is said only when it is.
local rare = { { "failed", "failed" }, { "in_doubt", "in doubt" }, { "skipped", "skipped" } }

local function counts_of(numbers)
   local parts = { ("%d sent"):format(numbers.sent) }
   for _, row in ipairs(rare) do
      local count = numbers[row[1]]
      if count > 0 then
         parts[#parts + 1] = ("%d %s"):format(count, row[2])
      end
   end
   return table.concat(parts, ", ")
end

local function pace_of(numbers)
   if numbers.is_over then
      return "in " .. progress_bar.span(numbers.elapsed)
   elseif numbers.wait then
      return ("the day's quota is spent, goes on in %s"):format(progress_bar.span(numbers.wait))
   end
   local rate = numbers.rate
   local text = rate < 10 and ("%.2g/s"):format(rate) or ("%d/s"):format(math.floor(rate + 0.5))
   return numbers.seconds_left and ("%s, %s left"):format(text, progress_bar.span(numbers.seconds_left)) or text
end

local function part_of(numbers)
   return numbers.total and numbers.total > 0 and math.min(1, numbers.done / numbers.total) or nil
end

--- The line.
---@param numbers kenar.Progress
---@param width? integer columns of the terminal; the line leaves the last one free. nil: no bar
---@return string line ASCII only, so that bytes are columns
function progress_bar.line(numbers, width)
   local part = part_of(numbers)
   local text = ("%s  %s"):format(counts_of(numbers), pace_of(numbers))
   if part then
      text = ("%3d%%  %s"):format(math.floor(part * 100), text)
   end
   if not width then
      return text
   end
   local room = math.min(LONGEST, width - 1 - #text - 3)
   if part and room >= SHORTEST then
      local filled = math.floor(part * room)
      text = ("[%s%s] %s"):format(("#"):rep(filled), ("-"):rep(room - filled), text)
   end
   return text:sub(1, math.max(0, width - 1))
end

return progress_bar
