--- The file of a SQLite store: its table and its prepared statements.

local sqlite = require "kenar.db.sqlite"

local files = {}

---@class kenar.SqliteStoreFile
local File = {}
File.__index = File

local PAGE_BYTES = 4096
-- How many expired keys one sweep deletes.
local SWEEP_COUNT = 64

local failure = sqlite.failure

-- A key that never expires has an infinite `expires_at` and is not in the index. The last statement deletes nothing,
-- but it fails if the file is read-only.
local schema = [[
   CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID;
   CREATE INDEX IF NOT EXISTS kv_expiry ON kv (expires_at) WHERE expires_at < 9e999;
   DELETE FROM kv WHERE 0;
]]

local statements = {
   get = "SELECT value FROM kv WHERE key = ?1 AND expires_at > ?2",
   set = [[INSERT INTO kv VALUES (?1, ?2, ?3)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at]],
   del = "DELETE FROM kv WHERE key = ?1",
   add = [[INSERT INTO kv VALUES (?1, ?2, ?3)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
      WHERE kv.expires_at <= ?4]],
   keep_expiry = "UPDATE kv SET value = ?2 WHERE key = ?1",
   replace = "UPDATE kv SET value = ?2, expires_at = ?3 WHERE key = ?1 AND value = ?5 AND expires_at > ?4",
   remove = "DELETE FROM kv WHERE key = ?1 AND value = ?3 AND expires_at > ?2",
   sweep = ([[DELETE FROM kv WHERE key IN
      (SELECT key FROM kv WHERE expires_at <= ?1 AND expires_at < 9e999 LIMIT %d)]]):format(SWEEP_COUNT),
   -- IMMEDIATE takes the write lock at once. Taking it later fails if another process has written since BEGIN.
   begin = "BEGIN IMMEDIATE",
   commit = "COMMIT",
   rollback = "ROLLBACK",
}

--- Open a file, and make its table if it does not exist.
---@param path string
---@param options { timeout: number, max_bytes: number? }
---@return kenar.SqliteStoreFile? file, kenar.Error? err
function files.open(path, options)
   local setup = { "PRAGMA synchronous = NORMAL", schema }
   if options.max_bytes then
      local pages = math.max(1, math.floor(options.max_bytes / PAGE_BYTES))
      table.insert(setup, 2, ("PRAGMA max_page_count = %d"):format(pages))
   end
   local db, prepared = sqlite.open(path, { timeout = options.timeout, setup = setup, statements = statements })
   if not db then
      return nil, prepared
   end
   return setmetatable({ _path = path, _db = db, _statements = prepared }, File)
end

--- Whether the parent process opened it, before a fork.
---@return boolean
function File:is_foreign()
   return self._db:is_foreign()
end

-- Bind the values of a statement, and then those of `blobs` as blobs.
local function bind(statement, blobs, ...)
   local ok, message, code, name = statement:bind(...)
   for place, bytes in pairs(blobs) do
      if ok then
         ok, message, code, name = statement:bind_blob(place, bytes)
      end
   end
   return ok, message, code, name
end

--- Run one of the statements that write.
---@param name string
---@param blobs table<integer, string> values by the number of their parameter
---@param ... any the values of all parameters; nil for a blob
---@return integer? rows how many it wrote, kenar.Error? err
function File:write(name, blobs, ...)
   local statement = self._statements[name]
   local ok, message, _, code_name = bind(statement, blobs, ...)
   if ok then
      ok, message, _, code_name = statement:run()
   end
   if not ok then
      return nil, failure(self._path, message, code_name)
   end
   return self._db:changes()
end

--- The value of a key that has not expired.
---@param key string
---@param now number
---@return string? value, kenar.Error? err
function File:read(key, now)
   local get = self._statements.get
   local ok, message, _, name = get:bind(key, now)
   if ok then
      ok, message, _, name = get:step()
   end
   if not ok then
      return nil, failure(self._path, message, name)
   end
   local value
   if ok == "row" then
      value = get:values()
   end
   get:reset()
   return value
end

--- Run a function inside one transaction, which holds the lock from its beginning.
---@param f fun(...): any, kenar.Error? a falsy result rolls back
---@return any result, kenar.Error? err
function File:transaction(f, ...)
   local begun, err = self:write("begin", {})
   if not begun then
      return nil, err
   end
   local result
   result, err = f(...)
   if result then
      local committed
      committed, err = self:write("commit", {})
      result = committed and result
   end
   if not result then
      -- Fails if SQLite has rolled back already, which is no error here.
      self._statements.rollback:run()
      return nil, err
   end
   return result
end

function File:close()
   self._db:close()
end

return files
