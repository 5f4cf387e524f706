--- An inbox in a file: what was put into it survives the process being killed, and with `power_cut` the machine too.
--
-- One process works on a file. It knows in memory which events there are, which it has given out and whose turn it is;
-- the file is what it starts from. All that happens in one turn of the loop is one transaction, which blocks the
-- process while the disk writes it. A handled event is deleted in the next one; until then, and until SQLite's log of
-- recent writes begins anew, which it does after some seconds of quiet, its bytes are on the disk.

local Inbox = require "kenar.inbox.sqlite.inbox"
local backlogs = require "kenar.inbox.sqlite.backlog"
local core = require "kenar.core"
local errors = require "kenar.error"
local files = require "kenar.inbox.sqlite.file"
local group_commit = require "kenar.inbox.sqlite.group_commit"
local leases = require "kenar.inbox.sqlite.leases"
local recent_keys = require "kenar.base.recent_keys"

local sqlite_inbox = {}

local ATTEMPTS, MAX_EVENTS = 8, 1000000
-- Twice as many ids as are known for certain, waiting or handled.
local IDS = 200000

-- What an earlier process has left.
local function recover(self)
   local backlog, now = self._backlog, self._host.now()
   for number, id, order_key, due in self._file:rows "living" do
      backlog.living = backlog.living + 1
      if id then
         self._known:add(id)
      end
      if due and due > now and not backlog.lanes:has(order_key) then
         backlog.lanes:hold(order_key)
         self._leases:inherit({ number = number, order_key = order_key, has_no_body = true }, due)
      else
         backlog.lanes:add(number, order_key)
      end
   end
   -- Dead letters have numbers as well.
   local highest, err = self._file:value "highest"
   if not highest then
      error(err, 0)
   end
   self._number, self._inherited = highest, highest
end

local function build(options, file, lock, known)
   local given = options.options
   local self = setmetatable({
      _path = options.path, _host = options.host, _file = file, _lock = lock, _known = known, _closed = false,
      _attempts = given.attempts or ATTEMPTS, _max_events = given.max_events or MAX_EVENTS,
      _number = 0, _inherited = 0, on_ready = nil,
   }, Inbox)
   self._backlog = backlogs.new(file)
   self._commits = group_commit.new(options.host, file, {
      stored = function(batch) self:stored(batch) end,
      dropped = function(batch) self:dropped(batch) end,
      failing = function() self._leases:write_later() end,
      over = function()
         self._leases:wrote()
         self:notify()
      end,
   })
   self._leases = leases.new {
      host = options.host, file = file, backlog = self._backlog, commits = self._commits, attempts = self._attempts,
      on_ready = function() self:notify() end,
      dead = file:value "count_dead" or 0,
   }
   recover(self)
   return self
end

local function lock_failure(message, pid)
   if pid then
      message = ("%s: process %d works on this inbox already"):format(message:match "^(.*)%.lock: " or message, pid)
   end
   return errors.new { kind = "store", code_name = pid and "INBOX_HELD" or nil, message = message, pid = pid }
end

--- Open an inbox. What an earlier process has left in it can be taken at once.
---@param options { path: string, host: table, options: table } see `inbox.open`
---@return kenar.SqliteInbox? inbox, kenar.Error? err kind `store`, with SQLite's name of the cause as `code_name`
function sqlite_inbox.new(options)
   local path, given = options.path, options.options
   if path == "" or path:find("\0", 1, true) then
      return nil, errors.new { kind = "store", message = 'expected the path of a file, as in "sqlite:inbox.db"' }
   end
   local lock, message, pid = core.lock_file(path .. ".lock")
   if not lock then
      return nil, lock_failure(message, pid)
   end
   local known = recent_keys.new { max = IDS }
   local file, err = files.open(path, given.power_cut, function(id)
      known:add(id)
   end)
   local ok, self = false, err
   if file then
      ok, self = pcall(build, options, file, lock, known)
   end
   if ok then
      return self
   end
   if file then
      file:close()
   end
   lock:close()
   if not errors.is(self) then
      error(self, 0)
   end
   return nil, self
end

return sqlite_inbox
