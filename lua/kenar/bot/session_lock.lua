--- The right to a conversation's session among processes that share a store.
--
-- It is a key with a short time to live, renewed while it is held: a process that dies blocks the conversation for
-- seconds only. Who lost it all the same, to a machine that stood still, finds the session changed when saving.

local core = require "kenar.core"

local session_lock = {}

-- Seconds.
local LEASE, RENEW_EVERY = 15, 5
local FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.1
-- A handler that never ends does not hold its conversation for ever.
local MAX_RENEWALS = 60

---@class kenar.SessionLock
local Lock = {}
Lock.__index = Lock

local function swap(self, old, new)
   return pcall(self._store.cas, self._store, self._name, old, new, new and LEASE)
end

-- With another value each time, so that those who wait see that somebody lives who has it.
local function renew(self)
   for number = 1, MAX_RENEWALS do
      local _, reason = self._released:wait(RENEW_EVERY)
      if reason ~= "timeout" then
         return
      end
      local value = ("%s.%d"):format(self._token, number)
      -- A store that fails may be well again before the time to live is over.
      local ok, renewed = swap(self, self._value, value)
      if ok and renewed == false then
         return
      elseif ok and renewed then
         self._value = value
         if self._is_released then -- while the store was asked
            swap(self, value, nil)
            return
         end
      end
   end
end

--- Let others have it.
function Lock:release()
   self._is_released = true
   self._released:post()
   -- Where this fails, the time to live ends it.
   swap(self, self._value, nil)
end

-- Take it over where nobody has renewed it for as long as it lives: by a store's clock that was set back it would live
-- on. Only the time of this process is looked at.
local function take_over(self, seen, now)
   local value, err = self._store:get(self._name)
   if err then
      return nil, err
   elseif value ~= seen.value then
      seen.value, seen.since = value, now
   elseif value and now - seen.since >= LEASE then
      return self._store:cas(self._name, value, self._token, LEASE)
   end
   return false
end

--- Wait for the right to a key.
---@param store kenar.Store
---@param host table
---@param key string
---@param patience number seconds
---@return kenar.SessionLock? lock, string|kenar.Error|nil reason "timeout", "closed", or the store's error
function session_lock.take(store, host, key, patience)
   local token = core.base64_encode(assert(core.random_bytes(9)))
   local self = setmetatable({
      _store = store, _name = "session-lock:" .. key, _token = token, _value = token, _is_released = false,
   }, Lock)
   local ends_at, pause, seen = host.clock() + patience, FIRST_PAUSE, {}
   local taken, err = store:add(self._name, token, LEASE)
   while taken == false do
      if host.clock() >= ends_at then
         return nil, "timeout"
      elseif not host.sleep(pause) then
         return nil, "closed"
      end
      pause = math.min(pause * 2, LONGEST_PAUSE)
      taken, err = store:add(self._name, token, LEASE)
      if taken == false then
         taken, err = take_over(self, seen, host.clock())
      end
   end
   if not taken then
      return nil, err
   end
   self._released = host.semaphore(0)
   host.spawn(renew, self)
   return self
end

return session_lock
