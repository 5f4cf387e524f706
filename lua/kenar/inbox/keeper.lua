--- One task that calls a function at the moments that the function asks for. It ends when no moment is left.

local keeper = {}

---@class kenar.InboxKeeper
local Keeper = {}
Keeper.__index = Keeper

-- Seconds that the task may be early, because sums of seconds are not exact.
local SLACK = 1e-6

-- Call the function for a moment that has come. The function may call `wake_by` itself.
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
         -- A host that stops lets short waits end normally.
         if reason == "closed" or self._host.closing() then
            self._at = nil
         end
      end
   end
   self._is_working = false
end

--- Have the function called at a moment, or before.
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

--- End the task.
function Keeper:stop()
   if self._is_working then
      self._at = nil
      self._woken:post()
   end
end

---@param host kenar.Host
---@param f fun(now: number): number returns the moment of its next call, or math.huge
---@return kenar.InboxKeeper
function keeper.new(host, f)
   return setmetatable({
      _host = host, _clock = host.clock, _fall_due = f, _woken = host.semaphore(0), _is_working = false, _at = nil,
   }, Keeper)
end

return keeper
