--- A lock of a conversation's session among processes that share a store.
--
-- The lock is a key with a short time to live, renewed while it is held, so that a dead process blocks the conversation
-- for seconds only. A process that was suspended may lose the lock; saving then finds that the session has changed.

local core = require "kenar.core"

local session_lock = {}

-- Seconds.
local LEASE, RENEW_EVERY = 15, 5
local FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.1
-- A handler that never ends loses the lock after this many renewals.
local MAX_RENEWALS = 60

---@class kenar.SessionLock
local Lock = {}
Lock.__index = Lock

local function swap(self, old, new)
   return pcall(self._store.cas, self._store, self._name, old, new, new and LEASE)
end

-- Each renewal writes another value, so that waiting processes see that the holder is alive.
local function renew(self)
   for number = 1, MAX_RENEWALS do
      local _, reason = self._released:wait(RENEW_EVERY)
      if reason ~= "timeout" then
         return
      end
      local value = ("%s.%d"):format(self._token, number)
      -- A store that fails may recover before the time to live is over.
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

--- Give the lock back.
function Lock:release()
   self._is_released = true
   self._released:post()
   -- If this fails, the lock ends with its time to live.
   swap(self, self._value, nil)
end

-- Take the lock over if it was not renewed during its time to live, by the clock of this process. The store's clock may
-- have been set back, and would keep the lock.
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

--- Take the lock of a key; waits while another process has it.
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
