--- An nginx `lua_shared_dict` and locks in it.
--
-- A lock is held for microseconds, never over a wait, so that within a worker nobody meets one. One that a killed
-- worker has left is over after LEASE.

local errors = require "kenar.error"

local zone = {}

---@class kenar.Zone
---@field name string
---@field dict table
local Zone = {}
Zone.__index = Zone

-- Seconds.
local LEASE, PATIENCE, PAUSE = 1, 5, 0.001
-- How often a lock is tried at once: who has it is about to give it back.
local TRIES = 2000

--- What nginx has refused, as an error.
---@return nil, kenar.Error err
function Zone:refused(message)
   local is_full = message == "no memory"
   return nil, errors.new {
      kind = "store", code_name = is_full and "NO_MEMORY" or nil,
      message = is_full and ("no memory: nothing more fits into `lua_shared_dict %s`, give it more than %d KiB")
         :format(self.name, self.dict:capacity() / 1024) or ("lua_shared_dict %s: %s"):format(self.name, message),
   }
end

local function try(self, name)
   for _ = 1, TRIES do
      local ok, message = self.dict:safe_add(name, true, LEASE)
      if ok or message ~= "exists" then
         return ok, message
      end
   end
   return false, "exists"
end

local function take(self, name)
   local ok, message = try(self, name)
   local tries_left = PATIENCE / PAUSE
   local phases = not ok and require "kenar.host.resty.phases"
   while not ok and message == "exists" and tries_left > 0 do
      tries_left = tries_left - 1
      phases.check("waiting for a lock", 4)
      ngx.sleep(PAUSE)
      ok, message = try(self, name)
   end
   return ok, message == "exists" and "another worker has had a lock for too long" or message
end

-- What was raised goes on, but not with the lock.
local function give(self, name, ok, ...)
   self.dict:delete(name)
   if not ok then
      error((...), 0)
   end
   return ...
end

--- Call a function that does not wait, while no other worker is in one with the same key.
---@param key string
---@param f function
---@return any ... what it returns; nil and an error of kind `store` where the lock cannot be had
function Zone:locked(key, f, ...)
   local name = "l" .. key
   local ok, message = take(self, name)
   if not ok then
      return self:refused(message)
   end
   return give(self, name, pcall(f, ...))
end

--- Find a zone by its name.
---@param name string
---@return kenar.Zone? zone, kenar.Error? err
function zone.open(name)
   local nginx = rawget(_G, "ngx")
   local dict = nginx and nginx.shared and nginx.shared[name]
   if dict then
      return setmetatable({ name = name, dict = dict }, Zone)
   end
   return nil, errors.new {
      kind = "store",
      message = nginx and ("nginx has no shared dict %q: write `lua_shared_dict %s 32m;` in its http block")
         :format(name, name) or "shdict: is for bots that run inside nginx",
   }
end

return zone
