--- One task of a worker that waits at Redis for all the others, and tells when there may be something to take.
--
-- It waits for the inbox's bell, which rings once for each event whose turn has come: one worker hears it. Whoever
-- hears and dies before it has taken anything does no harm, for each worker looks once a second at what time has
-- brought, and at what lies there untaken.

local listeners = {}

---@class kenar.RedisListener
local Listener = {}
Listener.__index = Listener

-- Seconds between two looks, and after a failure.
local LOOK_EVERY, TRY_AGAIN_AFTER = 1, 0.5

-- While somebody takes, nobody is told: what he does not find is told when he has finished.
local function tell(self)
   if self._taking > 0 then
      self._is_missed = true
   else
      self._is_missed = false
      self._host.spawn(self._on_rung)
   end
end

local function listen(self)
   -- What was left before this worker began, or while Redis was away, rings no more.
   local has_to_tell = true
   while not self._is_over and not self._host.closing() do
      local is_waiting, err = self._streams:tidy()
      local is_rung
      if not err then
         if has_to_tell or is_waiting then
            tell(self)
         end
         is_rung, err = self._streams:listen(LOOK_EVERY)
      end
      has_to_tell = err ~= nil
      if is_rung then
         tell(self)
      elseif err and not self._host.sleep(TRY_AGAIN_AFTER) then
         break
      end
   end
end

--- Call a function that takes events.
---@return any, any what it returned
function Listener:taking(f, ...)
   self._taking = self._taking + 1
   local list, err = f(...)
   self._taking = self._taking - 1
   if self._is_missed and self._taking == 0 then
      tell(self)
   end
   return list, err
end

--- Listen no more.
function Listener:stop()
   self._is_over = true
end

--- Begin to listen.
---@param host table
---@param streams kenar.RedisStreams
---@param on_rung fun() called in a task of its own
---@return kenar.RedisListener
function listeners.new(host, streams, on_rung)
   local self = setmetatable({
      _host = host, _streams = streams, _on_rung = on_rung, _taking = 0, _is_missed = false, _is_over = false,
   }, Listener)
   if not host.closing() then
      host.spawn(listen, self)
   end
   return self
end

return listeners
