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

local function renew(self)
   for _ = 1, MAX_RENEWALS do
      local _, reason = self._released:wait(RENEW_EVERY)
      if reason ~= "timeout" or not self._store:cas(self._name, self._token, self._token, LEASE) then
         return
      end
   end
end

--- Let others have it.
function Lock:release()
   self._released:post()
   -- Where this fails, the time to live ends it.
   self._store:cas(self._name, self._token, nil)
end

--- Wait for the right to a key.
---@param store kenar.Store
---@param host table
---@param key string
---@param patience number seconds
---@return kenar.SessionLock? lock, string|kenar.Error|nil reason "timeout", "closed", or the store's error
function session_lock.take(store, host, key, patience)
   local name, token = "session-lock:" .. key, core.base64_encode(assert(core.random_bytes(9)))
   local ends_at, pause = host.clock() + patience, FIRST_PAUSE
   local added, err = store:add(name, token, LEASE)
   while added == false do
      if host.clock() >= ends_at then
         return nil, "timeout"
      elseif not host.sleep(pause) then
         return nil, "closed"
      end
      pause = math.min(pause * 2, LONGEST_PAUSE)
      added, err = store:add(name, token, LEASE)
   end
   if not added then
      return nil, err
   end
   local self = setmetatable({ _store = store, _name = name, _token = token, _released = host.semaphore(0) }, Lock)
   host.spawn(renew, self)
   return self
end

return session_lock
