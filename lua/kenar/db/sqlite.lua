--- How the store and the inbox open their files: write-ahead logging, tables, prepared statements.

local errors = require "kenar.error"
local sqlite = require "kenar.sqlite"

local connections = {}

local WAL_ATTEMPTS = 100

--- SQLite's failure as an error of kind `store`.
---@param path string
---@param message string
---@param name string such as "SQLITE_FULL"; it is the error's `code_name`
---@return kenar.Error
function connections.failure(path, message, name)
   return errors.new { kind = "store", message = ("%s: %s (%s)"):format(path, message, name), code_name = name }
end

-- SQLite does not wait for others when a file is turned to WAL. Waiting for the write lock does.
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

--- Open a file, and make it and its tables where there are none.
---@param path string
---@param options { timeout: number, read_only: boolean?, setup: string[], statements: table<string, string> } `setup`:
---   what to run first, in its order; `statements`: what to prepare, by name; `timeout`: seconds to wait for others
---@return table? db, table|kenar.Error prepared the statements by name
function connections.open(path, options)
   local db, message, _, name = sqlite.open(path, { timeout = options.timeout, read_only = options.read_only })
   if not db then
      return nil, connections.failure(path, message, name)
   end
   local prepared, ok = {}
   ok, message, _, name = set_up(db, options, prepared)
   if not ok then
      db:close()
      return nil, connections.failure(path, message, name)
   end
   return db, prepared
end

return connections
