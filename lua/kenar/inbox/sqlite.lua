--- An inbox in a file. Stored events survive the end of the process, and with `power_cut` also a power cut.
--
-- One process works on a file. It reads the file when it begins, and then has the order and the leases of the events in
-- memory. Everything that happens in one turn of the loop is one transaction, which blocks the process while the disk
-- writes. A handled event is deleted in the next transaction. Its bytes stay in SQLite's write-ahead log until that is
-- emptied, some seconds after the last write.

local admissions = require "kenar.inbox.sqlite.admission"
local core = require "kenar.core"
local errors = require "kenar.error"
local files = require "kenar.inbox.sqlite.file"
local inboxes = require "kenar.inbox.sqlite.inbox"

local sqlite_inbox = {}

local ATTEMPTS, MAX_EVENTS = 8, 1000000

local function lock_failure(message, pid)
   if pid then
      message = ("%s: process %d works on this inbox already"):format(message:match "^(.*)%.lock: " or message, pid)
   end
   return errors.new { kind = "store", code_name = pid and "INBOX_HELD" or nil, message = message, pid = pid }
end

--- Open an inbox. Events that an earlier process has left can be taken at once.
---@param options { path: string, host: kenar.Host, options: table } see `inbox.open`
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
   local admission = admissions.new()
   local file, err = files.open(path, given.power_cut, function(id)
      admission:know(id)
   end)
   local ok, self = false, err
   if file then
      ok, self = pcall(inboxes.new, {
         path = path, host = options.host, file = file, lock = lock, admission = admission,
         attempts = given.attempts or ATTEMPTS, max_events = given.max_events or MAX_EVENTS,
      })
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
