--- One task that wakes up when something falls due, and is there only while something may.

local keeper = {}

---@class kenar.InboxKeeper
local Keeper = {}
Keeper.__index = Keeper

-- Closer than this to its moment the task need not sleep again: a sum of seconds is not exact.
local SLACK = 1e-6

-- Call the function for a moment that has come. It may ask for another call itself.
local function fall_due(self)
   local now = math.max(self._clock(), self._at)
   self._at = math.huge
   local next_at = self._fall_due(now)
   if self._at then
      next_at = math.min(self._at, next_at)
      self._at = next_at < math.huge and next_at or nil
   end
end

local function work(self)
   while self._at do
      local span = self._at - self._clock()
      if span <= SLACK then
         fall_due(self)
      else
         local _, reason = self._woken:wait(span)
         -- Short waits go on while a host stops.
         if reason == "closed" or self._host.closing() then
            self._at = nil
         end
      end
   end
   self._is_working = false
end

--- See to it that the function is called at a moment, or before.
---@param at number by host.clock
function Keeper:wake_by(at)
   if not self._is_working then
      if not self._host.closing() then
         self._is_working, self._at = true, at
         self._host.spawn(work, self)
      end
   elseif self._at and at < self._at then
      self._at = at
      self._woken:post()
   end
end

--- Call it no more.
function Keeper:stop()
   if self._is_working then
      self._at = nil
      self._woken:post()
   end
end

---@param host table
---@param f fun(now: number): number gives the moment of its next call, or math.huge
---@return kenar.InboxKeeper
function keeper.new(host, f)
   return setmetatable({
      _host = host, _clock = host.clock, _fall_due = f, _woken = host.semaphore(0), _is_working = false, _at = nil,
   }, Keeper)
end

return keeper
