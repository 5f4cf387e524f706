--- Shows the progress of a run: a task measures it at intervals, and passes the numbers to a display.

local progress = {}

---@class kenar.Progress
---@field sent integer
---@field failed integer
---@field skipped integer    sent or failed in an earlier run; or a second row with the same key
---@field in_doubt integer   of this run
---@field in_flight integer
---@field done integer       rows that have an outcome
---@field total? number      the number of all rows; for a file an estimate
---@field rate number        rows a second in the last ten seconds, without skipped rows
---@field elapsed number     seconds
---@field seconds_left? number
---@field wait? number       seconds until the next day's quota, if all rows wait for it
---@field is_over boolean

---@class kenar.ProgressTicker
local Ticker = {}
Ticker.__index = Ticker

-- Seconds over which the rate is measured, and between two samples.
local WINDOW, SAMPLE = 10, 1
-- Seconds after which unchanged numbers are shown again, because the times in them change.
local STANDSTILL = 1

local function take_sample(self, now, worked)
   local samples = self._samples
   if now - samples[#samples].at >= SAMPLE then
      samples[#samples + 1] = { at = now, worked = worked }
      while now - samples[2].at > WINDOW do
         table.remove(samples, 1)
      end
   end
end

local function rate_of(self, now, worked)
   local first = self._samples[1]
   return now > first.at and (worked - first.worked) / (now - first.at) or 0
end

local function measure(self, is_over)
   local now, numbers = self._host.clock(), self._read()
   local worked = numbers.sent + numbers.failed + numbers.in_doubt
   numbers.is_over, numbers.elapsed = is_over, now - self._began
   if is_over then
      numbers.rate = numbers.elapsed > 0 and worked / numbers.elapsed or 0
      return numbers
   end
   take_sample(self, now, worked)
   numbers.rate = rate_of(self, now, worked)
   if numbers.total and numbers.rate > 0 then
      numbers.seconds_left = math.max(0, numbers.total - numbers.done) / numbers.rate
   end
   return numbers
end

-- Shows the numbers until the run is over. Returns the value that the display raised.
local function tick(self)
   local told_at, told_done = self._began, -1
   while not self._is_over do
      local _, reason = self._bell:wait(self._display.interval)
      if self._is_over or reason == "closed" then
         return
      end
      local numbers, now = measure(self, false), self._host.clock()
      if numbers.done ~= told_done or now - told_at >= STANDSTILL then
         told_at, told_done = now, numbers.done
         local ok, raised = pcall(self._display.show, self._display, numbers)
         if not ok then
            return raised
         end
      end
   end
end

--- Show the final numbers, and end the task.
---@return any raised the value that the display raised
function Ticker:finish()
   self._is_over = true
   self._bell:post()
   local _, raised = self._task:wait()
   if raised == nil then
      local ok, message = pcall(self._display.show, self._display, measure(self, true))
      raised = not ok and message or nil
   end
   return raised
end

--- Start the task.
---@param host table
---@param display kenar.ProgressDisplay
---@param read fun(): table returns the counts: sent, failed, skipped, in_doubt, in_flight, done, total, wait
---@return kenar.ProgressTicker
function progress.start(host, display, read)
   local began = host.clock()
   local self = setmetatable({
      _host = host, _display = display, _read = read, _began = began, _is_over = false, _bell = host.semaphore(0),
      _samples = { { at = began, worked = 0 } },
   }, Ticker)
   self._task = host.spawn(tick, self)
   return self
end

return progress
