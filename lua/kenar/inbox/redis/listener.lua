--- One task of a worker that waits at Redis, and calls a function when there may be an event to take.
--
-- It waits for the inbox's bell: a list that gets one element for each event that is ready. One worker receives an
-- element. If that worker ends before it has taken the event, no event is lost, because each worker also looks once a
-- second for events that are ready.

local listeners = {}

---@class kenar.RedisListener
local Listener = {}
Listener.__index = Listener

-- Seconds between two looks for events, and seconds to wait after a failure.
local LOOK_EVERY, TRY_AGAIN_AFTER = 1, 0.5

-- While a task takes events, the call is postponed until it has finished, because it may take the new ones as well.
local function tell(self)
   if self._taking > 0 then
      self._is_missed = true
   else
      self._is_missed = false
      self._host.spawn(self._on_rung)
   end
end

local function listen(self)
   -- The bell does not ring again for events from before this worker began, or from before Redis failed.
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
---@param f function
---@param ... any its arguments
---@return any, any its results
function Listener:taking(f, ...)
   self._taking = self._taking + 1
   local list, err = f(...)
   self._taking = self._taking - 1
   if self._is_missed and self._taking == 0 then
      tell(self)
   end
   return list, err
end

--- Stop listening.
function Listener:stop()
   self._is_over = true
end

--- Begin to listen.
---@param host kenar.Host
---@param streams kenar.RedisStreams
---@param on_rung fun() runs in a task of its own
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
