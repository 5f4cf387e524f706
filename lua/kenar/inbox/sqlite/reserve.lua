--- Disk space that an inbox reserves for itself, in a file beside its own: `inbox.db.reserve`.
--
-- On a full disk SQLite cannot empty its write-ahead log into the file, and then no handled event can be deleted. The
-- reserve is released for such a write and filled again after it.

local core = require "kenar.core"
local errors = require "kenar.error"
local rows = require "kenar.inbox.sqlite.rows"

local reserves = {}

---@class kenar.SqliteInboxReserve
---@field is_held boolean whether the file has any space
local Reserve = {}
Reserve.__index = Reserve

-- SQLite empties its log from 4 MiB on. If the disk lacks room for that, the log takes the rest of the disk, which is
-- less than 4 MiB. Emptying it never needs more than twice as much.
reserves.SIZE = 8 * 1024 * 1024
-- Free bytes that an inbox needs to make its reserve the first time, so that the reserve does not fill the disk.
local FIRST_ROOM = 2 * reserves.SIZE
-- A file is shrunk if at least half of it, and so many bytes, are free. SQLite writes the rest of the file anew for
-- that, which has to fit into the reserve.
local WORTHWHILE, SHRINKABLE = 1024 * 1024, reserves.SIZE - 1024 * 1024

-- SQLite's names of errors that a full disk causes.
local full = {
   SQLITE_FULL = true, SQLITE_IOERR_SHMSIZE = true, SQLITE_IOERR_SHMMAP = true, SQLITE_IOERR_WRITE = true,
   SQLITE_CANTOPEN = true,
}

-- Reserve the space, as much as the disk has. Returns whether the reserve is whole.
local function fill(self)
   local size = self._file:fill(reserves.SIZE, FIRST_ROOM) or 0
   self.is_held = size > 0
   return size >= reserves.SIZE or self._file:size() == nil
end

local function release(self)
   self.is_held = not self._file:release()
end

local function value(self, name)
   local list, err = rows.list(self._path, self._statements[name])
   return list and list[1] and list[1][1], err
end

-- Empty the write-ahead log. Returns false if a process reads the file, and nil and an error if SQLite fails.
local function empty_log(self)
   local is_busy, err = value(self, "checkpoint")
   if is_busy == nil then
      return nil, err
   end
   return is_busy == 0
end

local function shrink(self)
   local size, pages, free = value(self, "page_size"), value(self, "page_count"), value(self, "free_pages")
   if size and pages and free and free * size >= WORTHWHILE and free * 2 >= pages
      and (pages - free) * size <= SHRINKABLE then
      self._statements.vacuum:run()
      empty_log(self)
   end
end

--- Begin to serve an open file. If its opening has used the reserve, the reserve is filled again.
---@param statements table<string, table> prepared: see schema.reserve
function Reserve:serve(statements)
   self._statements = statements
   if self._is_lent then
      self._is_lent = false
      empty_log(self)
   end
   fill(self)
end

--- Open the file. If the disk is full, the reserve is released and `open` is called again.
---@param open fun(): any, kenar.Error?
---@return any opened, kenar.Error? err those of `open`
function Reserve:open_with(open)
   local opened, err = open()
   if not opened and self.is_held and full[err.code_name] then
      release(self)
      self._is_lent = true
      opened, err = open()
      if not opened then
         fill(self)
      end
   end
   return opened, err
end

--- Write. If the disk is full, the reserve is released and `write` is called again.
---@param write fun(...): any, kenar.Error?
---@param ... any its arguments
---@return any ok, kenar.Error? err those of `write`
function Reserve:lend(write, ...)
   local ok, err = write(...)
   if ok ~= nil or not self.is_held or not full[err.code_name] then
      return ok, err
   end
   release(self)
   empty_log(self)
   ok, err = write(...)
   empty_log(self)
   fill(self)
   return ok, err
end

--- Make room on a full disk: empty the log, and shrink the file if most of it is free.
function Reserve:make_room()
   if self.is_held then
      release(self)
      empty_log(self)
      shrink(self)
      fill(self)
   end
end

--- Empty the log, and fill the reserve if there is room.
---@return boolean is_done false: try again later
function Reserve:tidy()
   local is_empty = self:lend(empty_log, self)
   return fill(self) and is_empty or false
end

--- Close the file, which keeps its space for the next process.
function Reserve:close()
   self._file:close()
end

--- Open the reserve of an inbox. `serve` fills it.
---@param path string the inbox's
---@return kenar.SqliteInboxReserve? reserve, kenar.Error? err kind `store`
function reserves.open(path)
   local file, message = core.reserve_file(path .. ".reserve")
   if not file then
      return nil, errors.new { kind = "store", message = message }
   end
   return setmetatable({
      _path = path, _file = file, _statements = nil, _is_lent = false, is_held = (file:size() or 0) > 0,
   }, Reserve)
end

return reserves
