--- How fast an app's calls are sent after Divar has refused one with 429 (Too Many Requests).
--
-- During the pause no call is sent. Then one call is sent. When Divar has accepted it, the others follow at half the
-- pace at which the refusal came. The pace grows each second. At twice the old pace the limit ends.
-- This module only calculates; the caller gives the time.

local pace = {}

---@class kenar.Pace
---@field is_slowed boolean
---@field round integer how often the pace was reduced: a call of an earlier round tells nothing about this one
---@field refusals integer 429s in a row, each after the pause of the previous one
local Pace = {}
Pace.__index = Pace

-- Calls a second: the lowest pace, and the least growth each second.
local SLOWEST, SLOWEST_GROWTH = 2, 1
-- Seconds in which the pace would grow from zero to the pace of the first refusal.
local GROWTH_SPAN = 10
-- Calls of so many seconds may be sent at once after the first one was accepted.
local BURST = 1
-- A Retry-After may name the end of the day. A longer one is cut.
local LONGEST_PAUSE = 86400
local TOLERANCE = 1e-6

--- Count a call that is sent. The pace is the number of calls in this second or the previous one.
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

--- Report a refused call.
---@param now number
---@param round integer the `round` in which it was sent
---@param seconds number the pause
---@param asked number? the part of `seconds` that Divar asked for: it alone counts for a call of an earlier round
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

--- Report an accepted call.
---@param round integer the `round` in which it was sent
---@return boolean is_first whether it is the first one since a refusal
function Pace:accept(round)
   local is_first = round == self.round and self.refusals > 0
   if is_first then
      self.refusals = 0
   end
   return is_first
end

--- How long the pause still lasts.
---@param now number
---@return number seconds 0: there is no pause
function Pace:pause(now)
   return self.is_slowed and math.max(0, self._resumes_at - now) or 0
end

--- The delay before a call may be sent.
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

--- Count a call that is sent after its delay.
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
