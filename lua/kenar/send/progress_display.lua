--- Shows progress on stderr: as a bar that is redrawn if stderr is a terminal, else as a new line every ten seconds.

local core = require "kenar.core"

local progress_display = {}

local STDERR = 2
local DEFAULT_WIDTH = 80
-- Seconds between two redraws of the bar, and between two lines without a terminal.
local REDRAW, LINE = 0.1, 10
-- Columns of the shortest bar that is drawn, and of the longest.
local SHORTEST, LONGEST = 10, 40

---@class kenar.ProgressDisplay
---@field interval number seconds between two calls of `show`
local Display = {}
Display.__index = Display

-- A time span in its two largest units: "2 h 5 min".
local function format_span(seconds)
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

-- Counts that are shown only if they are above zero.
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
      return "in " .. format_span(numbers.elapsed)
   elseif numbers.wait then
      return ("the day's quota is spent, goes on in %s"):format(format_span(numbers.wait))
   end
   local rate = numbers.rate
   local text = rate < 10 and ("%.2g/s"):format(rate) or ("%d/s"):format(math.floor(rate + 0.5))
   return numbers.seconds_left and ("%s, %s left"):format(text, format_span(numbers.seconds_left)) or text
end

local function part_of(numbers)
   return numbers.total and numbers.total > 0 and math.min(1, numbers.done / numbers.total) or nil
end

--- Format progress as one line.
---@param numbers kenar.Progress
---@param width? integer columns of the terminal; the line leaves the last column free. nil: no bar
---@return string line ASCII only, so that bytes are columns
function progress_display.line(numbers, width)
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

local function write(text)
   io.stderr:write(text)
end

-- Draw a line over the last one. The rest is overwritten with spaces, because not every terminal can clear a line.
local function put(self, line)
   local rest = self._drawn - #line
   write("\r" .. line .. (rest > 0 and (" "):rep(rest) or ""))
   self._drawn = #line
end

--- Show the progress of a run.
---@param numbers kenar.Progress
function Display:show(numbers)
   if not self.is_terminal then
      write(progress_display.line(numbers) .. "\n")
      return
   end
   put(self, progress_display.line(numbers, core.terminal_width(STDERR) or DEFAULT_WIDTH))
   if numbers.is_over then
      write "\n"
      self._drawn = 0
   end
end

--- Write a line above the bar.
---@param line string
function Display:note(line)
   if self._drawn > 0 then
      put(self, "")
      write "\r"
      self._drawn = 0
   end
   write(line .. "\n")
end

--- Whether stderr is a terminal.
---@return boolean
function progress_display.has_terminal()
   return core.is_terminal(STDERR)
end

--- Make a display that writes to stderr.
---@return kenar.ProgressDisplay
function progress_display.new()
   local is_terminal = progress_display.has_terminal()
   return setmetatable({ is_terminal = is_terminal, interval = is_terminal and REDRAW or LINE, _drawn = 0 }, Display)
end

--- Make a display that passes the progress to a function.
---@param fn fun(numbers: kenar.Progress)
---@return kenar.ProgressDisplay
function progress_display.of(fn)
   return { interval = REDRAW, show = function(_, numbers) fn(numbers) end }
end

--- Whether a value is a display made by `new`.
---@param value any
---@return boolean
function progress_display.is(value)
   return getmetatable(value) == Display
end

return progress_display
