--- Lists of grants' ids, one for each conversation, post, user and scope, because a store finds records only by key.
--
-- A list holds each id with its expiry, and drops expired ids when it is read.

local errors = require "kenar.error"
local json = require "kenar.json"

local grant_index = {}

---@class kenar.GrantIndex
local Index = {}
Index.__index = Index

-- If two tasks write a list at the same time, the later one tries again.
local ATTEMPTS = 50

local function read(self, key)
   local bytes, err = self._store:get(key)
   if err then
      return nil, err
   end
   local entries, now = {}, self._now()
   for _, entry in ipairs(bytes and json.decode(bytes) or {}) do
      if entry[2] > now then
         entries[#entries + 1] = entry
      end
   end
   return entries, bytes
end

local function write(self, key, entries, bytes)
   if entries[1] == nil then
      if not bytes then
         return true
      end
      return self._store:cas(key, bytes, nil)
   end
   local latest = 0
   for _, entry in ipairs(entries) do
      latest = math.max(latest, entry[2])
   end
   local ttl, written = latest - self._now(), assert(json.encode(entries))
   if bytes then
      return self._store:cas(key, bytes, written, ttl)
   end
   return self._store:add(key, written, ttl)
end

-- Changes a list, although others may change it at the same time.
local function change(self, key, edit)
   for _ = 1, ATTEMPTS do
      local entries, bytes = read(self, key)
      if not entries then
         return nil, bytes
      end
      edit(entries)
      local written, err = write(self, key, entries, bytes)
      if written == nil then
         return nil, err
      elseif written then
         return true
      end
   end
   return nil, errors.new { kind = "store", message = "a list of grants was changed by others at every attempt" }
end

--- The ids in a list, the newest first.
---@param key string
---@return string[]? ids, kenar.Error? err
function Index:ids(key)
   local entries, err = read(self, key)
   if not entries then
      return nil, err
   end
   local ids = {}
   for position, entry in ipairs(entries) do
      ids[position] = entry[1]
   end
   return ids
end

--- Put an id into a list, or set its expiry.
---@param key string
---@param id string
---@param expires_at number wall-clock seconds
---@param limit? integer how many of the newest ids the list keeps
---@return true? ok, kenar.Error? err
function Index:put(key, id, expires_at, limit)
   return change(self, key, function(entries)
      for _, entry in ipairs(entries) do
         if entry[1] == id then
            entry[2] = expires_at
            return
         end
      end
      table.insert(entries, 1, { id, expires_at })
      if limit then
         entries[limit + 1] = nil
      end
   end)
end

--- Take an id out of a list.
---@param key string
---@param id string
---@return true? ok, kenar.Error? err
function Index:remove(key, id)
   return change(self, key, function(entries)
      for position = #entries, 1, -1 do
         if entries[position][1] == id then
            table.remove(entries, position)
         end
      end
   end)
end

---@param store kenar.Store
---@param now fun(): number wall-clock seconds
---@return kenar.GrantIndex
function grant_index.new(store, now)
   return setmetatable({ _store = store, _now = now }, Index)
end

return grant_index
