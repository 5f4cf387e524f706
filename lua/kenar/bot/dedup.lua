--- Deduplication of events. An event's id is claimed before the handler runs and marked as done afterwards. If the
--- handler failed, the claim is released, so that the event is handled when it comes again.

local core = require "kenar.core"
local recent = require "kenar.base.recent"

local dedup = {}

local DONE = "done"
-- Seconds after which the claim of a dead process ends.
local LEASE = 60

---@class kenar.Dedup
---@field claim fun(self, key: string): any, kenar.Error?  a claim; false: it was claimed before; nil and an error
---@field done fun(self, key: string, claim: any): boolean?, kenar.Error?
---@field release fun(self, key: string, claim: any): boolean?, kenar.Error?

-- In the memory of this process; the oldest ids are forgotten first.
local Memory = {}
Memory.__index = Memory

function Memory:claim(key)
   return self._recent:add(key)
end

function Memory:done()
   return true
end

function Memory:release(key)
   self._recent:del(key)
   return true
end

-- In a store, for all processes that share the store.
local Stored = {}
Stored.__index = Stored

local function name_of(key)
   return "event:" .. key
end

function Stored:claim(key)
   local claim = core.base64_encode(assert(core.random_bytes(9)))
   local added, err = self._store:add(name_of(key), claim, LEASE)
   if added == nil then
      return nil, err
   end
   return added and claim
end

-- The id is marked even if the claim has ended, because the handler has succeeded.
function Stored:done(key)
   return self._store:set(name_of(key), DONE, self._ttl)
end

function Stored:release(key, claim)
   return self._store:cas(name_of(key), claim, nil)
end

--- Remember ids in this process only, the last 100,000 of them.
---@param options? { max: integer? }
---@return kenar.Dedup
function dedup.in_memory(options)
   return setmetatable({ _recent = recent.set(options) }, Memory)
end

--- Remember ids in a store.
---@param store kenar.Store
---@param ttl number seconds for which an id is remembered
---@return kenar.Dedup
function dedup.in_store(store, ttl)
   return setmetatable({ _store = store, _ttl = ttl }, Stored)
end

return dedup
