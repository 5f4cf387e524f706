--- Looks into the file of an inbox that another process may be working on.
--
-- Reading changes nothing. `replay` only marks a dead letter. The process that works on the inbox finds the mark within
-- a second, or the next such process when it begins. `discard` deletes a dead letter at once.

local sqlite = require "kenar.db.sqlite"
local core = require "kenar.core"
local errors = require "kenar.error"
local rows = require "kenar.inbox.sqlite.rows"
local schema = require "kenar.inbox.sqlite.schema"

local visitors = {}

---@class kenar.SqliteInboxVisitor
local Visitor = {}
Visitor.__index = Visitor

-- Seconds to wait for a lock of the process that works on the inbox.
local TIMEOUT = 5

--- The dead letters, oldest first: see `Inbox:dead`.
---@return table[]? letters, kenar.Error? err
function Visitor:dead(after, n)
   return rows.dead(self._path, self._statements.dead, after, n)
end

-- The first row of a statement.
local function first(self, name, ...)
   local list, err = rows.list(self._path, self._statements[name], ...)
   return list and list[1], err
end

--- How many events are in it. Events that a process is handling now are counted as pending.
---@return { pending: integer, delayed: integer, dead: integer, oldest: number? }? counts, kenar.Error? err
function Visitor:stats()
   local now = core.now()
   local living, delayed, dead, err
   living, err = first(self, "count_living")
   if living then
      delayed, err = first(self, "count_delayed", now)
   end
   if delayed then
      dead, err = first(self, "count_dead")
   end
   if not dead then
      return nil, err
   end
   return {
      pending = living[1] - delayed[1], delayed = delayed[1], dead = dead[1],
      oldest = living[2] and math.max(0, now - living[2]) or nil,
   }
end

-- Run a statement for one dead letter, or for all. SQLite overwrites deleted bytes.
local function judge(self, verdict, number)
   local db, statements = sqlite.open(self._path, {
      timeout = TIMEOUT, setup = { "PRAGMA secure_delete = ON" }, statements = schema.verdicts,
   })
   if not db then
      return nil, statements
   end
   local ok, message, _, name
   if number then
      ok, message, _, name = statements[verdict]:run(number)
   else
      ok, message, _, name = statements[verdict .. "_all"]:run()
   end
   local count = ok and db:changes()
   db:close()
   if not ok then
      return nil, sqlite.failure(self._path, message, name)
   end
   return count
end

--- Have a dead letter handled again, or all of them.
---@param number? integer nil: all
---@return integer? count how many, kenar.Error? err
function Visitor:replay(number)
   return judge(self, "replay", number)
end

--- Delete a dead letter, or all of them.
---@param number? integer nil: all
---@return integer? count how many, kenar.Error? err
function Visitor:discard(number)
   return judge(self, "discard", number)
end

function Visitor:close()
   self._db:close()
end

--- Look into a file, which must exist.
---@param path string
---@return kenar.SqliteInboxVisitor? visitor, kenar.Error? err kind `store`; `INBOX_MISSING` if there is no file
function visitors.open(path)
   local file, message = io.open(path, "rb")
   if not file then
      return nil, errors.new { kind = "store", code_name = "INBOX_MISSING", message = message }
   end
   file:close()
   local db, statements = sqlite.open(path, {
      timeout = TIMEOUT, read_only = true, setup = {}, statements = schema.together(schema.visitor, schema.counts),
   })
   if not db then
      return nil, statements
   end
   return setmetatable({ _path = path, _db = db, _statements = statements }, Visitor)
end

return visitors
