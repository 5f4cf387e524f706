--- An nginx `lua_shared_dict` and locks in it.
--
-- A worker holds a lock for microseconds and never waits meanwhile, so that two tasks of one worker never compete for
-- it. The lock of a killed worker expires after LEASE.

local errors = require "kenar.error"

local shdict = {}

---@class kenar.Zone
---@field name string
---@field dict table
local Zone = {}
Zone.__index = Zone

-- Seconds.
local LEASE, PATIENCE, PAUSE = 1, 5, 0.001
-- How often a worker tries to take a lock before it sleeps: the other worker is about to release it.
local TRIES = 2000

--- Make an error from nginx's message.
---@param message string
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

-- Release the lock, also if the function has raised an error.
local function give(self, name, ok, ...)
   self.dict:delete(name)
   if not ok then
      error((...), 0)
   end
   return ...
end

--- Call a function that does not wait, while this worker has the lock of a key.
---@param key string
---@param f function
---@param ... any its arguments
---@return any ... its results; nil and an error of kind `store` if the lock cannot be had
function Zone:locked(key, f, ...)
   local name = "l" .. key
   local ok, message = take(self, name)
   if not ok then
      return self:refused(message)
   end
   return give(self, name, pcall(f, ...))
end

--- What is missing for shared dicts.
---@return string? message nil: nothing
function shdict.lacks()
   return not rawget(_G, "ngx") and "shdict: is for bots that run inside nginx" or nil
end

--- Find a zone by its name.
---@param name string
---@return kenar.Zone? zone, kenar.Error? err
function shdict.open(name)
   local message = shdict.lacks()
   local dict = not message and ngx.shared and ngx.shared[name]
   if dict then
      return setmetatable({ name = name, dict = dict }, Zone)
   end
   return nil, errors.new {
      kind = "store",
      message = message
         or ("nginx has no shared dict %q: write `lua_shared_dict %s 32m;` in its http block"):format(name, name),
   }
end

return shdict
