--- A store in an nginx `lua_shared_dict`: all workers see it, and it lasts as long as nginx's master does.
--
-- nginx itself may lose a key that is written anew: where the new value needs more room than the old one had, it frees
-- the old one first. So a key's entry always has the same size, and is written in place: a short value stands in it, of
-- a longer one its number, under which the value stands in an entry of its own.

local arguments = require "kenar.store.arguments"
local errors = require "kenar.error"
local zones = require "kenar.db.shdict"

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

-- Bytes of an entry. Its flags say how many of them are the value; LONG says that it is a number.
local SIZE, LONG = 24, 255
-- Readers that meet a writer look again; each time somebody has written.
local LOOKS = 1000

-- How nginx's functions take a time to live: 0 is without end.
local function seconds(ttl)
   if ttl == nil then
      return 0
   end
   arguments.expiry(ttl, 0)
   -- It counts in whole milliseconds.
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
         return nil -- it has expired just now
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

-- Write a key whose lock this worker has.
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
      -- 0 is without end; less than a millisecond would count as that.
      local left = self._zone.dict:ttl("k" .. key)
      ttl = left == 0 and 0 or math.max(left or 0, 0.001)
   end
   value = value + n
   local ok, err = write(self, key, ("%.17g"):format(value), ttl)
   return ok and value, err
end

---@param key string
---@param n? number default 1
---@param ttl? number seconds, for a key that this makes
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
   local zone, err = zones.open(options.zone)
   if not zone then
      return nil, err
   end
   local self = setmetatable({ _zone = zone }, Shdict)
   zone.dict:safe_add("number", 0)
   return self
end

return shdict_store
