--- A store in an nginx `lua_shared_dict`. All workers see it, and it ends with nginx's master.
--
-- nginx may lose a key when it overwrites the value: if the new value is longer than the old one, nginx frees the old
-- one first. So the entry of a key always has the same size and is overwritten in place. It has a short value itself. A
-- longer value has an entry of its own under a number, and the entry of the key has that number.

local arguments = require "kenar.store.arguments"
local errors = require "kenar.error"
local shdict = require "kenar.db.shdict"

local expect_string = arguments.expect_string

local shdict_store = {}

---@class kenar.ShdictStore : kenar.Store
local Shdict = {}
Shdict.__index = Shdict
Shdict.__name = "kenar.store.shdict"
Shdict.shared = true

function Shdict:__tostring()
   return ("%s: %s"):format(Shdict.__name, self._zone.name)
end

-- Bytes of an entry. Its flags are the length of the value, or LONG: the entry has a number.
local SIZE, LONG = 24, 255
-- How often a reader reads again after another worker has changed the value in between.
local LOOKS = 1000

-- A ttl as nginx's functions take it: 0 is without end.
local function seconds(ttl)
   if ttl == nil then
      return 0
   end
   arguments.expiry(ttl, 0)
   -- nginx counts in whole milliseconds.
   return math.max(ttl, 0.001)
end

local function name_of(key, number)
   return "v" .. number .. ":" .. key
end

local function find(self, key)
   local dict, name = self._zone.dict, "k" .. key
   local last
   for _ = 1, LOOKS do
      local bytes, flags = dict:get(name)
      if not bytes then
         return nil
      elseif flags ~= LONG then
         return bytes:sub(1, flags or 0), bytes
      end
      local value = dict:get(name_of(key, tonumber(bytes)))
      if value then
         return value, bytes
      elseif bytes == last then
         return nil -- the value has expired since the first `get`
      end
      last = bytes
   end
   return nil
end

local function forget_long(self, key, bytes, flags)
   if bytes and flags == LONG then
      self._zone.dict:delete(name_of(key, tonumber(bytes)))
   end
end

-- Write a key. This worker has the lock of the key.
local function write(self, key, value, ttl)
   local dict, name = self._zone.dict, "k" .. key
   local old, old_flags = dict:get(name)
   local bytes, flags, number = value, #value, nil
   if flags > SIZE then
      number = dict:incr("number", 1)
      local ok, message = dict:safe_add(name_of(key, number), value, ttl)
      if not ok then
         return self._zone:refused(message)
      end
      bytes, flags = ("%d"):format(number), LONG
   end
   local ok, message = dict:safe_set(name, bytes .. (" "):rep(SIZE - #bytes), ttl, flags)
   if not ok then
      if number then
         dict:delete(name_of(key, number))
      end
      return self._zone:refused(message)
   end
   forget_long(self, key, old, old_flags)
   return true
end

local function delete(self, key)
   local bytes, flags = self._zone.dict:get("k" .. key)
   self._zone.dict:delete("k" .. key)
   forget_long(self, key, bytes, flags)
   return true
end

---@param key string
---@return string? value
function Shdict:get(key)
   expect_string("key", key)
   return (find(self, key))
end

---@param key string
---@param value string
---@param ttl? number seconds
---@return true? ok, kenar.Error? err
function Shdict:set(key, value, ttl)
   expect_string("key", key)
   expect_string("value", value)
   return self._zone:locked(key, write, self, key, value, seconds(ttl))
end

---@param key string
---@return true? ok, kenar.Error? err
function Shdict:del(key)
   expect_string("key", key)
   return self._zone:locked(key, delete, self, key)
end

local function count(self, key, n, ttl)
   local text = find(self, key)
   local value = tonumber(text or "0")
   if not value then
      return nil, errors.new { kind = "store", message = "incr: the value is not a number" }
   end
   if text then
      -- 0 is without end, and nginx would round less than a millisecond to 0.
      local left = self._zone.dict:ttl("k" .. key)
      ttl = left == 0 and 0 or math.max(left or 0, 0.001)
   end
   value = value + n
   local ok, err = write(self, key, ("%.17g"):format(value), ttl)
   return ok and value, err
end

---@param key string
---@param n? number default 1
---@param ttl? number seconds, for a new key
---@return number? value, kenar.Error? err
function Shdict:incr(key, n, ttl)
   expect_string("key", key)
   return self._zone:locked(key, count, self, key, n or 1, seconds(ttl))
end

local function add(self, key, value, ttl)
   if find(self, key) then
      return false
   end
   return write(self, key, value, ttl)
end

---@param key string
---@param value string
---@param ttl? number seconds
---@return boolean? added, kenar.Error? err
function Shdict:add(key, value, ttl)
   expect_string("key", key)
   expect_string("value", value)
   ttl = seconds(ttl)
   if #value > SIZE then
      return self._zone:locked(key, add, self, key, value, ttl)
   end
   local ok, message = self._zone.dict:safe_add("k" .. key, value .. (" "):rep(SIZE - #value), ttl, #value)
   if ok then
      return true
   elseif message == "exists" then
      return false
   end
   return self._zone:refused(message)
end

local function swap(self, key, old, new, ttl)
   if find(self, key) ~= old then
      return false
   elseif new == nil then
      return delete(self, key)
   end
   return write(self, key, new, ttl)
end

---@param key string
---@param old string
---@param new? string nil deletes the key
---@param ttl? number seconds
---@return boolean? swapped, kenar.Error? err
function Shdict:cas(key, old, new, ttl)
   expect_string("key", key)
   expect_string("old", old)
   if new ~= nil then
      expect_string("new", new)
   end
   return self._zone:locked(key, swap, self, key, old, new, seconds(ttl))
end

--- Open a store.
---@param options { zone: string } the name of the `lua_shared_dict`; nothing else may write to it
---@return kenar.ShdictStore? store, kenar.Error? err kind `store`: there is no such zone
function shdict_store.new(options)
   local zone, err = shdict.open(options.zone)
   if not zone then
      return nil, err
   end
   local self = setmetatable({ _zone = zone }, Shdict)
   zone.dict:safe_add("number", 0)
   return self
end

return shdict_store
