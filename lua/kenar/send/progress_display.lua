--- Where progress is shown: a bar on a terminal, else a line now and then.

local core = require "kenar.core"
local progress_bar = require "kenar.send.progress_bar"

local progress_display = {}

local STDERR = 2
local DEFAULT_WIDTH = 80
-- Seconds between two of them.
local REDRAW, LINE = 0.1, 10

---@class kenar.ProgressDisplay
---@field interval number seconds
local Display = {}
Display.__index = Display

local function write(text)
   io.stderr:write(text)
end

-- Spaces over what is left of the last one: not every terminal knows how to clear a line.
local function put(self, line)
   local rest = self._drawn - #line
   write("\r" .. line .. (rest > 0 and (" "):rep(rest) or ""))
   self._drawn = #line
end

--- Show numbers.
---@param numbers kenar.Progress
function Display:show(numbers)
   if not self.is_terminal then
      write(progress_bar.line(numbers) .. "\n")
      return
   end
   put(self, progress_bar.line(numbers, core.terminal_width(STDERR) or DEFAULT_WIDTH))
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

--- Whether a person sees stderr.
---@return boolean
function progress_display.has_terminal()
   return core.is_terminal(STDERR)
end

--- What shows progress on stderr.
---@return kenar.ProgressDisplay
function progress_display.new()
   local is_terminal = progress_display.has_terminal()
   return setmetatable({ is_terminal = is_terminal, interval = is_terminal and REDRAW or LINE, _drawn = 0 }, Display)
end

--- What hands the numbers to a function.
---@param fn fun(numbers: kenar.Progress)
---@return kenar.ProgressDisplay
function progress_display.of(fn)
   return { interval = REDRAW, show = function(_, numbers) fn(numbers) end }
end

--- Whether a value shows progress.
---@param value any
---@return boolean
function progress_display.is(value)
   return getmetatable(value) == Display
end

return progress_display
