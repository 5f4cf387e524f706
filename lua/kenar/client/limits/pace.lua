--- How fast an app's calls leave after Divar has refused one with 429 (Too Many Requests).
--
-- First none leaves until the pause is over. Then one does, and when that is taken the others follow: at half the pace
-- at which the refusal came, a little faster each second, until it is twice that pace, and there is no limit any more.
-- Numbers only; the clock is given.

local pace = {}

---@class kenar.Pace
---@field is_slowed boolean
---@field round integer how often it was slowed down: what left before the last time says nothing about now
---@field refusals integer 429s in a row, each after the pause of the one before
local Pace = {}
Pace.__index = Pace

-- Calls a second below which no pace falls, and by which it grows each second at least.
local SLOWEST, SLOWEST_GROWTH = 2, 1
-- Seconds in which the pace at which the first refusal came is reached again from nothing.
local GROWTH_SPAN = 10
-- So many seconds' calls may leave at once, when the first one was taken.
local BURST = 1
-- A Retry-After may name the end of the day, and no more is believed.
local LONGEST_PAUSE = 86400
local TOLERANCE = 1e-6

--- A call leaves. How many have left in this second and in the one before is the pace.
---@param now number
function Pace:count(now)
   if now >= self._second_ends then
      self._last_second = now < self._second_ends + 1 and self._this_second or 0
      self._this_second, self._second_ends = 0, now + 1
   end
   self._this_second = self._this_second + 1
end

local function rate_at(self, now)
   return self._rate + self._growth * math.max(0, now - self._resumes_at)
end

--- Divar has refused a call.
---@param now number
---@param round integer the `round` in which it left
---@param seconds number nothing leaves for so long
---@param asked number? of these seconds, what Divar asked for: all that counts of what left before the last refusal
function Pace:refuse(now, round, seconds, asked)
   local is_news = round == self.round
   self._resumes_at = math.max(self._resumes_at, now + math.min(is_news and seconds or asked or 0, LONGEST_PAUSE))
   if not is_news then
      return
   end
   local rate
   if self.is_slowed then
      rate = rate_at(self, now)
   else
      rate = math.max(self._this_second, self._last_second)
      self._top = SLOWEST
   end
   self._top = math.max(self._top, rate)
   self._growth = math.max(SLOWEST_GROWTH, self._top / GROWTH_SPAN)
   self._rate = math.max(SLOWEST, rate / 2)
   self._next_at = self._resumes_at
   self.is_slowed, self.round, self.refusals = true, round + 1, self.refusals + 1
end

--- Divar has taken a call.
---@param round integer the `round` in which it left
---@return boolean is_first whether it is the first one since a refusal
function Pace:accept(round)
   local is_first = round == self.round and self.refusals > 0
   if is_first then
      self.refusals = 0
   end
   return is_first
end

--- How long the pause lasts.
---@param now number
---@return number seconds 0: there is none
function Pace:pause(now)
   return self.is_slowed and math.max(0, self._resumes_at - now) or 0
end

--- How long until a call may leave.
---@param now number
---@return number seconds 0: now
function Pace:delay(now)
   if not self.is_slowed then
      return 0
   elseif now < self._resumes_at then
      return self._resumes_at - now
   end
   local rate = rate_at(self, now)
   if rate >= 2 * self._top then
      self.is_slowed = false
      return 0
   end
   local burst = self.refusals > 0 and 1 / rate or BURST
   local delay = math.max(self._next_at, now) + 1 / rate - burst - now
   return delay > TOLERANCE and delay or 0
end

--- A call leaves that had to ask for the delay.
---@param now number
function Pace:take(now)
   if self.is_slowed then
      self._next_at = math.max(self._next_at, now) + 1 / rate_at(self, now)
   end
end

---@return kenar.Pace
function pace.new()
   return setmetatable({
      is_slowed = false, round = 0, refusals = 0, _resumes_at = -math.huge, _next_at = -math.huge,
      _this_second = 0, _last_second = 0, _second_ends = -math.huge,
   }, Pace)
end

return pace
