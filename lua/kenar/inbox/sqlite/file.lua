--- The file of an inbox: its transactions and its reads.

local sqlite = require "kenar.db.sqlite"
local handled = require "kenar.inbox.sqlite.handled"
local json = require "kenar.json"
local reserves = require "kenar.inbox.sqlite.reserve"
local rows = require "kenar.inbox.sqlite.rows"
local schema = require "kenar.inbox.sqlite.schema"

local files = {}

---@class kenar.SqliteInboxFile
local File = {}
File.__index = File

-- Seconds to wait for another process's lock. The process does nothing else meanwhile.
local TIMEOUT = 1

---@class kenar.SqliteInboxBatch
---@field puts kenar.InboxEntry[]
---@field changes { number: integer, state: integer, attempts: integer, due: number?, reason: string? }[]
---@field done integer[] numbers of events to delete
---@field ids string[] as handled.collect makes it

--- Make an empty batch.
---@return kenar.SqliteInboxBatch
function files.batch()
   return { puts = {}, put_count = 0, changes = {}, done = {}, done_count = 0, ids = {} }
end

-- Without `authorization`, which has a key of the app, and without values that are not UTF-8, which JSON cannot have.
local function encode_headers(headers)
   local kept = {}
   for name, value in pairs(headers) do
      if name ~= "authorization" and json.encode(value) then
         kept[name] = value
      end
   end
   return json.encode(kept)
end

local function insert(self, batch)
   local statement = self._statements.insert
   local puts = batch.puts
   for i = 1, batch.put_count do
      local entry = puts[i]
      local headers = entry.headers and encode_headers(entry.headers)
      local ok, message, code, name = statement:run(entry.number, entry.id, entry.order_key, entry.kind, entry.path,
         headers, entry.body, entry.received_at)
      if not ok then
         return nil, message, code, name
      end
   end
   return true
end

local function change(self, batch)
   local statement = self._statements.change
   for _, entry in ipairs(batch.changes) do
      local ok, message, code, name = statement:run(entry.number, entry.state, entry.attempts, entry.due, entry.reason)
      if not ok then
         return nil, message, code, name
      end
   end
   return true
end

-- Events that came together are mostly done together, so one statement deletes a run of consecutive numbers.
local function delete(self, batch)
   local statement, done, count = self._statements.delete, batch.done, batch.done_count
   for i = 2, count do
      if done[i] < done[i - 1] then
         table.sort(done)
         break
      end
   end
   local first = 1
   while first <= count do
      local last = first
      while last < count and done[last + 1] == done[last] + 1 do
         last = last + 1
      end
      local ok, message, code, name = statement:run(done[first], done[last])
      if not ok then
         return nil, message, code, name
      end
      first = last + 1
   end
   return true
end

local function remember(self, batch, now)
   if not batch.ids[1] then
      return true
   end
   return self._handled:write(batch.ids, now)
end

local function commit(self)
   return self._statements.commit:run()
end

-- Deletions come before insertions, which then use the freed pages, so that half as many pages are written.
local parts = { change, delete, remember, insert, commit }

local function write(self, batch, now)
   local before = self._handled:mark()
   local ok, message, _, name = self._statements.begin:run()
   for i = 1, #parts do
      if ok then
         ok, message, _, name = parts[i](self, batch, now)
      end
   end
   if ok then
      return true
   end
   -- Fails if SQLite has rolled back already, which is no error here.
   self._statements.rollback:run()
   self._handled:undo(before)
   return nil, sqlite.failure(self._path, message, name)
end

--- Write a batch, all of it or nothing. On a full disk the reserve has room for changes and deletions, not for new
--- events.
---@param batch kenar.SqliteInboxBatch
---@param now number wall seconds
---@return true? ok, kenar.Error? err
function File:write(batch, now)
   if batch.put_count > 0 then
      return write(self, batch, now)
   end
   return self._reserve:lend(write, self, batch, now)
end

local function run(self, name, ...)
   local ok, message, _, code_name = self._statements[name]:run(...)
   if not ok then
      return nil, sqlite.failure(self._path, message, code_name)
   end
   return self._db:changes()
end

--- Run one of the statements about a dead letter.
---@param verdict "replay"|"discard"
---@param number integer
---@return integer? rows how many rows it wrote, kenar.Error? err
function File:judge(verdict, number)
   return self._reserve:lend(run, self, verdict, number)
end

--- After a failed write: make room on the disk, and try a write.
---@return true? ok, kenar.Error? err
function File:probe()
   self._reserve:make_room()
   local rows_written, err = run(self, "probe")
   return rows_written and true, err
end

--- Empty the write-ahead log, which has the bytes of handled events until then.
---@return boolean is_done false: try again later
function File:tidy()
   return self._reserve:tidy()
end

--- Iterate over the rows of a statement. Raises a kenar.Error if it fails.
---@param name string
---@return fun(): any
function File:rows(name, ...)
   return rows.each(self._path, self._statements[name], ...)
end

--- The one value of a statement with one row.
---@param name string
---@return any value, kenar.Error? err
function File:value(name, ...)
   local list, err = rows.list(self._path, self._statements[name], ...)
   return list and list[1] and list[1][1], err
end

--- See `Inbox:dead`.
function File:dead(after, n)
   return rows.dead(self._path, self._statements.dead, after, n)
end

local function accept_replays(self)
   local list, err = rows.list(self._path, self._statements.replays)
   if not list or not list[1] then
      return list, err
   end
   local update = self._statements.change
   local ok, message, _, name = self._statements.begin:run()
   for _, row in ipairs(list) do
      if ok then
         ok, message, _, name = update:run(row[1], schema.states.pending, 0, nil, nil)
      end
   end
   if ok then
      ok, message, _, name = self._statements.commit:run()
   end
   if not ok then
      self._statements.rollback:run()
      return nil, sqlite.failure(self._path, message, name)
   end
   return list
end

--- Make the dead letters pending that another process has marked for `replay`.
---@return table[]? list of number and order_key, kenar.Error? err
function File:accept_replays()
   return self._reserve:lend(accept_replays, self)
end

--- Read an event with its body.
---@param number integer
---@return kenar.InboxEntry? entry nil without an error: it is not there, kenar.Error? err
function File:load(number)
   local found, err = rows.list(self._path, self._statements.load, number)
   if not found or not found[1] then
      return nil, err
   end
   local row = found[1]
   return {
      number = number, id = row[1], order_key = row[2], kind = row[3], path = row[4], headers = rows.headers(row[5]),
      body = row[6], received_at = row[7], attempts = row[8],
   }
end

function File:close()
   self._db:close()
   self._reserve:close()
end

local function open_database(path, power_cut)
   local db, statements = sqlite.open(path, {
      timeout = TIMEOUT,
      setup = {
         "PRAGMA synchronous = " .. (power_cut and "FULL" or "NORMAL"),
         "PRAGMA secure_delete = ON",
         -- For the temporary file of VACUUM.
         "PRAGMA temp_store = MEMORY",
         schema.tables,
      },
      statements = schema.together(schema.owner, schema.reserve, schema.visitor, schema.verdicts),
   })
   if not db then
      return nil, statements
   end
   return { db = db, statements = statements }
end

--- Open a file, and make its tables if they do not exist.
---@param path string
---@param power_cut boolean? whether a commit waits for the disk
---@param f fun(id: string) called with the id of each handled event
---@return kenar.SqliteInboxFile? file, kenar.Error? err
function files.open(path, power_cut, f)
   local reserve, err = reserves.open(path)
   if not reserve then
      return nil, err
   end
   local opened
   opened, err = reserve:open_with(function() return open_database(path, power_cut) end)
   if not opened then
      reserve:close()
      return nil, err
   end
   local self = setmetatable({
      _path = path, _db = opened.db, _statements = opened.statements, _reserve = reserve,
   }, File)
   local ok
   ok, err = pcall(function()
      reserve:serve(opened.statements)
      self._handled = handled.load(self:rows "remembered", opened.statements, f)
   end)
   if not ok then
      self:close()
      return nil, err
   end
   return self
end

return files
