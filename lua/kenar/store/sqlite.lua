--- A store in a file. It survives the end of the process, and several processes of one machine may share it.
--
-- A call blocks its process while the disk writes, and for up to `timeout` while another process writes. Every write
-- survives the end of the process. A power cut may undo the last writes, and no others. Keys expire by the wall clock,
-- because the file is read again after a reboot.

local arguments = require "kenar.store.arguments"
local core = require "kenar.core"
local errors = require "kenar.error"
local files = require "kenar.store.sqlite.file"

local expect_string, expiry = arguments.expect_string, arguments.expiry

local sqlite_store = {}

---@class kenar.SqliteStore : kenar.Store
---@field close fun(self)
local Sqlite = {}
Sqlite.__index = Sqlite
Sqlite.__name = "kenar.store.sqlite"
Sqlite.shared = true

function Sqlite:__tostring()
   return ("%s: %s"):format(Sqlite.__name, self._path)
end

local DEFAULT_TIMEOUT = 5
-- Writes between two sweeps of expired keys: fewer than a sweep deletes, so that expired keys cannot pile up.
local SWEEP_EVERY = 16

-- The open file. A child process must not use the file that its parent opened, and must not open it a second time.
local function opened(self)
   local file, err = self._file
   if file and file:is_foreign() then
      return nil, errors.new {
         kind = "store",
         message = self._path .. ": used before a fork, and so the parent's: open the store in each process",
      }
   end
   if not file then
      file, err = files.open(self._path, self._options)
      self._file = file
   end
   return file, err
end

-- The file, for a write. Deletes some expired keys from time to time; if that fails, so does the write.
local function writable(self)
   local file, err = opened(self)
   if file then
      self._writes = self._writes + 1
      if self._writes % SWEEP_EVERY == 0 then
         file:write("sweep", {}, self._now())
      end
   end
   return file, err
end

-- Run a statement that writes. Returns the number of rows that it wrote.
local function write(self, name, blobs, ...)
   local file, err = writable(self)
   if not file then
      return nil, err
   end
   return file:write(name, blobs, ...)
end

local function any(rows, err)
   return rows and rows > 0, err
end

---@param key string
---@return string? value, kenar.Error? err
function Sqlite:get(key)
   expect_string("key", key)
   local file, err = opened(self)
   if not file then
      return nil, err
   end
   return file:read(key, self._now())
end

---@param key string
---@param value string
---@param ttl? number seconds
---@return true? ok, kenar.Error? err
function Sqlite:set(key, value, ttl)
   expect_string("key", key)
   expect_string("value", value)
   local rows, err = write(self, "set", { [2] = value }, key, nil, expiry(ttl, self._now()))
   return rows and true, err
end

---@param key string
---@return true? ok, kenar.Error? err
function Sqlite:del(key)
   expect_string("key", key)
   local rows, err = write(self, "del", {}, key)
   return rows and true, err
end

local function count(file, key, n, now, expires_at)
   local text, err = file:read(key, now)
   if err then
      return nil, err
   end
   local value = tonumber(text or "0")
   if not value then
      return nil, errors.new { kind = "store", message = "incr: the value is not a number" }
   end
   value = value + n
   local blobs, rows = { [2] = ("%.17g"):format(value) }
   if text then
      rows, err = file:write("keep_expiry", blobs, key, nil)
   else
      rows, err = file:write("set", blobs, key, nil, expires_at)
   end
   return rows and value, err
end

---@param key string
---@param n? number default 1
---@param ttl? number seconds, for a new key
---@return number? value, kenar.Error? err
function Sqlite:incr(key, n, ttl)
   expect_string("key", key)
   local now = self._now()
   local expires_at = expiry(ttl, now)
   local file, err = writable(self)
   if not file then
      return nil, err
   end
   return file:transaction(count, file, key, n or 1, now, expires_at)
end

---@param key string
---@param value string
---@param ttl? number seconds
---@return boolean? added, kenar.Error? err
function Sqlite:add(key, value, ttl)
   expect_string("key", key)
   expect_string("value", value)
   local now = self._now()
   return any(write(self, "add", { [2] = value }, key, nil, expiry(ttl, now), now))
end

---@param key string
---@param old string
---@param new? string nil deletes the key
---@param ttl? number seconds
---@return boolean? swapped, kenar.Error? err
function Sqlite:cas(key, old, new, ttl)
   expect_string("key", key)
   expect_string("old", old)
   local now = self._now()
   if new == nil then
      return any(write(self, "remove", { [3] = old }, key, now, nil))
   end
   expect_string("new", new)
   return any(write(self, "replace", { [2] = new, [5] = old }, key, nil, expiry(ttl, now), now, nil))
end

--- Close the file. A later call opens it again.
function Sqlite:close()
   local file = self._file
   self._file = nil
   if file then
      file:close()
   end
end

--- Open a store. This function opens the file to try it, and closes it. Each process that uses the store opens the
--- file at its first use, so a store may be opened before a fork.
---@param options { path: string, now: (fun(): number), timeout: number?, max_bytes: number? } `path`: from the working
---   directory; a missing file is made, and only its owner can read it; `now`: wall seconds; `timeout` (5): seconds to
---   wait for another process; `max_bytes` (none): the size at which the store is full
---@return kenar.SqliteStore? store, kenar.Error? err kind `store`, with SQLite's name of the cause as `code_name`
function sqlite_store.new(options)
   local path = options.path
   if path == "" or path:find("\0", 1, true) then
      return nil, errors.new { kind = "store", message = 'expected the path of a file, as in "sqlite:bot.db"' }
   end
   local settings = { timeout = options.timeout or DEFAULT_TIMEOUT, max_bytes = options.max_bytes }
   local file, err = files.open(path, settings)
   if not file then
      return nil, err
   end
   file:close()
   return setmetatable({
      _path = path, _now = options.now or core.now, _options = settings, _writes = 0, _file = nil,
   }, Sqlite)
end

return sqlite_store
