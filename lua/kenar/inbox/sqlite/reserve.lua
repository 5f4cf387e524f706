--- Room on the disk that an inbox keeps for itself, in a file beside its own: `inbox.db.reserve`.
--
-- SQLite's log of recent writes cannot be emptied into the file on a full disk, and then not even a handled event can
-- be deleted. The reserve is given up for such a write and taken back after it.

local core = require "kenar.core"
local errors = require "kenar.error"
local rows = require "kenar.inbox.sqlite.rows"

local reserves = {}

---@class kenar.InboxReserve
---@field is_held boolean whether it takes room
local Reserve = {}
Reserve.__index = Reserve

-- SQLite empties its log from 4 MiB on. If the disk lacks room for that, the log takes the rest of the disk, which is
-- less than 4 MiB: emptying it never needs more than twice as much.
reserves.SIZE = 8 * 1024 * 1024
-- Bytes that are free before an inbox takes its reserve for the first time, so that it does not fill the disk itself.
local FIRST_ROOM = 2 * reserves.SIZE
-- A file is shrunk if at least half of it, and so many bytes, hold nothing. What it holds is written anew for that, and
-- has to fit into the reserve.
local WORTHWHILE, SHRINKABLE = 1024 * 1024, reserves.SIZE - 1024 * 1024

-- How SQLite names what a full disk does.
local full = {
   SQLITE_FULL = true, SQLITE_IOERR_SHMSIZE = true, SQLITE_IOERR_SHMMAP = true, SQLITE_IOERR_WRITE = true,
   SQLITE_CANTOPEN = true,
}

-- Take the room, or take it back: as much as the disk has.
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

-- True unless somebody reads the file, or the disk is full.
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

--- Work on an open file. The reserve that its opening may have needed is taken back.
---@param statements table<string, table> prepared: see schema.reserve
function Reserve:serve(statements)
   self._statements = statements
   if self._is_lent then
      self._is_lent = false
      empty_log(self)
   end
   fill(self)
end

--- Open the file, with the reserve's room if it does not open without.
---@param open fun(): any, kenar.Error?
---@return any opened, kenar.Error? err as `open` gives them
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

--- Write, with the reserve's room if the disk is full.
---@param write fun(...): any, kenar.Error?
---@param ... any its arguments
---@return any ok, kenar.Error? err as `write` gives them
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

--- Make room on a full disk: empty the log, and shrink the file if little is left in it.
function Reserve:make_room()
   if self.is_held then
      release(self)
      empty_log(self)
      shrink(self)
      fill(self)
   end
end

--- Empty the log, and have the whole reserve again if there is room.
---@return boolean is_done false: to be tried again later
function Reserve:tidy()
   local is_empty = self:lend(empty_log, self)
   return fill(self) and is_empty or false
end

--- Let go of the file, which keeps its room for the next process.
function Reserve:close()
   self._file:close()
end

--- Open the reserve of an inbox. Nothing is taken yet.
---@param path string the inbox's
---@return kenar.InboxReserve? reserve, kenar.Error? err kind `store`
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
