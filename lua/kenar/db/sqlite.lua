--- Opens a SQLite file for a store or an inbox: write-ahead log, tables, prepared statements.

local errors = require "kenar.error"

local sqlite = {}

local WAL_ATTEMPTS = 100

-- The module is loaded at its first use, because a program without a file needs no SQLite.
local function load()
   local is_built, native = pcall(require, "kenar.sqlite")
   return is_built and native or nil
end

--- What is missing for SQLite.
---@return string? message nil: nothing
function sqlite.lacks()
   return not load()
      and "kenar was built without SQLite: install libsqlite3-dev (Debian's name of it) and build again" or nil
end

--- Make an error of kind `store` from a failure of SQLite.
---@param path string
---@param message string
---@param name string such as "SQLITE_FULL"; it is the error's `code_name`
---@return kenar.Error
function sqlite.failure(path, message, name)
   return errors.new { kind = "store", message = ("%s: %s (%s)"):format(path, message, name), code_name = name }
end

-- SQLite does not wait for other connections when it switches a file to the write-ahead log. It does wait for the write
-- lock, so this function takes that lock before each further attempt.
local function use_wal(db)
   local ok, message, code, name
   for _ = 1, WAL_ATTEMPTS do
      ok, message, code, name = db:exec "PRAGMA journal_mode = WAL"
      if ok or name ~= "SQLITE_BUSY" or not db:exec "BEGIN IMMEDIATE; ROLLBACK" then
         break
      end
   end
   return ok, message, code, name
end

local function prepare(db, statements, prepared)
   for statement_name, sql in pairs(statements) do
      local statement, message, code, name = db:prepare(sql)
      if not statement then
         return nil, message, code, name
      end
      prepared[statement_name] = statement
   end
   return true
end

local function set_up(db, options, prepared)
   local ok, message, code, name = true
   if not options.read_only then
      ok, message, code, name = use_wal(db)
   end
   for _, sql in ipairs(options.setup) do
      if ok then
         ok, message, code, name = db:exec(sql)
      end
   end
   if ok then
      ok, message, code, name = prepare(db, options.statements, prepared)
   end
   return ok, message, code, name
end

--- Open a file, and make it and its tables if they do not exist.
---@param path string
---@param options { timeout: number, read_only: boolean?, setup: string[], statements: table<string, string> }
---   `timeout`: seconds to wait for another connection's lock; `setup`: SQL to execute first, in this order;
---   `statements`: SQL to prepare, by name
---@return table? db, table|kenar.Error prepared the statements by name
function sqlite.open(path, options)
   local native = load()
   if not native then
      return nil, errors.new { kind = "store", message = sqlite.lacks() }
   end
   local db, message, _, name = native.open(path, { timeout = options.timeout, read_only = options.read_only })
   if not db then
      return nil, sqlite.failure(path, message, name)
   end
   local prepared, ok = {}
   ok, message, _, name = set_up(db, options, prepared)
   if not ok then
      db:close()
      return nil, sqlite.failure(path, message, name)
   end
   return db, prepared
end

return sqlite
