--- A journal records each row of a run, so that the next run continues after the last row and sends none twice.
--
-- The journal is a text file with one line when a row is begun and one when it is finished. Each line is written before
-- the call returns, so it outlives the process. A power cut may lose the last lines, because only `close` calls fsync.
-- `begin` reserves disk space for a row's second line, so a full disk stops a run between two rows.
--
-- In memory a key takes 16 to 30 bytes, whatever its length.

local core = require "kenar.core"
local errors = require "kenar.error"
local journal_file = require "kenar.send.journal_file"

local journals = {}

---@alias kenar.journal_state
---| "begun"   this run is sending the row
---| "sent"
---| "failed"  Divar refused the row, and would refuse it again
---| "retry"   nothing was sent; another run may try
---| "doubt"   the row may have been sent: `finish` said so, or the run that began it ended before it was finished

---@class kenar.Journal
---@field path string
---@field torn boolean  whether the last line of the file was incomplete, and was removed
local Journal = {}
Journal.__index = Journal

local DEFAULT_LIMIT = 1000
local MAX_KEY_BYTES = journal_file.MAX_KEY_BYTES

local codes, states = journal_file.codes, journal_file.states
local failure = journal_file.failure

local function check(self, key, name)
   if not self._lock then
      error("the journal is closed", 3)
   end
   if type(key) ~= "string" then
      error(("journal:%s: expected a key, a string, got %s"):format(name, type(key)), 3)
   end
end

-- Record a key's state, and update the number of keys in each state.
local function note_state(self, written, code)
   local previous = self._set:put(written, code)
   local counts = self._counts
   if previous then
      counts[previous] = counts[previous] - 1
   end
   counts[code] = counts[code] + 1
   return previous
end

-- Read the entries of earlier runs. Returns the length of all complete lines.
local function replay(self)
   local reader, err = journal_file.open(self.path)
   if not reader then
      return nil, err
   end
   local code, written = reader:next()
   while code do
      -- The run that began the row has ended, because this run has the lock.
      note_state(self, written, code == codes.begun and codes.doubt or code)
      code, written = reader:next()
   end
   reader:close()
   if written then
      return nil, written
   end
   return reader.whole_bytes
end

-- The steps that need the lock: read the file, remove an incomplete last line, write the first line of a new file.
local function load(self)
   local whole, err = replay(self)
   if not whole then
      return nil, err
   end
   local file, ok, message = self._file, true, nil
   self.torn = whole < file:size()
   if self.torn then
      ok, message = file:cut(whole)
   end
   if ok and whole == 0 then
      ok, message = file:append(journal_file.FIRST_LINE .. "\n")
   end
   if not ok then
      return nil, failure(self.path, message)
   end
   return true
end

local function lock(self)
   local message, pid
   self._lock, message, pid = core.lock_file(self.path .. ".lock")
   if self._lock then
      return true
   end
   if pid then
      message = ("%s: another run has it, process %d"):format(self.path, pid)
   end
   return nil, errors.new { kind = "store", message = message, pid = pid }
end

--- Open a journal. If there is no file at `path`, a new one is made.
---@param path string the file `path .. ".lock"` is locked while the journal is open, so that one run at a time uses it
---@return kenar.Journal? journal
---@return kenar.Error? err kind `store`: another run has the journal open (`pid`), or the file is no journal, is
---   damaged or cannot be written
function journals.open(path)
   local file, message = core.append_file(path)
   if not file then
      return nil, failure(path, message)
   end
   -- The first line is checked before the lock is taken, so that no lock file is left beside a file that is no journal.
   local reader, err = journal_file.open(path)
   if not reader then
      file:close()
      return nil, err
   end
   reader:close()
   local set
   set, message = core.key_set()
   if not set then
      file:close()
      return nil, failure(path, message)
   end

   local self = setmetatable({
      path = path, torn = false, _file = file, _set = set, _owed = 0, _counts = { [0] = 0, 0, 0, 0, 0 },
   }, Journal)
   local ok
   ok, err = lock(self)
   if ok then
      ok, err = load(self)
   end
   if not ok then
      self:close()
      return nil, err
   end
   return self
end

--- Look up the state of a key.
---@param key string
---@return kenar.journal_state? state nil if no run has begun the key
function Journal:state(key)
   check(self, key, "state")
   return states[self._set:get(journal_file.escape(key))]
end

--- Record that a key is begun. The row may be sent only after `begin` has returned true.
---@param key string up to 1024 bytes
---@return true? ok, kenar.Error? err kind `store`: the line was not written (disk full); `invalid`: the key is too long
function Journal:begin(key)
   check(self, key, "begin")
   if #key > MAX_KEY_BYTES then
      return nil, errors.new { kind = "invalid", message = ("a key of more than %d bytes"):format(MAX_KEY_BYTES) }
   end
   local written = journal_file.escape(key)
   local code = self._set:get(written)
   if code == codes.begun or code == codes.sent then
      error(("journal:begin: %s: %s already"):format(key, states[code]), 2)
   end
   local owed = self._owed + journal_file.longest(#written)
   local ok, message = self._file:append(journal_file.format("begun", written), owed)
   if not ok then
      return nil, failure(self.path, message)
   end
   self._owed = owed
   note_state(self, written, codes.begun)
   return true
end

--- Record the outcome of a key. If the line cannot be written, the key stays begun, and is in doubt for the next run.
---@param key string
---@param state "sent"|"failed"|"retry"|"doubt"
---@param note? string the reason, for people; programs do not read it
---@return true? ok, kenar.Error? err
function Journal:finish(key, state, note)
   check(self, key, "finish")
   local code = codes[state]
   if not code or state == "begun" then
      error(("journal:finish: expected sent, failed, retry or doubt, got %s"):format(tostring(state)), 2)
   end
   local written = journal_file.escape(key)
   local ok, message = self._file:append(journal_file.format(state, written, note))
   if not ok then
      return nil, failure(self.path, message)
   end
   if note_state(self, written, code) == codes.begun then
      self._owed = self._owed - journal_file.longest(#written)
   end
   return true
end

-- The keys that are begun or in doubt, each once, in the order of the file.
local function collect_in_doubt(self, reader, limit)
   local found, seen = {}, {}
   local has_more, written = reader:next()
   while has_more and #found < limit do
      local code = not seen[written] and self._set:get(written)
      if code == codes.begun or code == codes.doubt then
         seen[written] = true
         found[#found + 1] = journal_file.unescape(written)
      end
      has_more, written = reader:next()
   end
   if not has_more and written then
      return nil, written
   end
   return found
end

--- List the keys that may have been sent: those in doubt, and those begun and not finished. Each call reads the file.
---@param limit? integer the largest number of keys to list (1000)
---@return string[]? keys, integer|kenar.Error total the number of such keys, listed or not
function Journal:in_doubt(limit)
   check(self, "", "in_doubt")
   local total = self._counts[codes.begun] + self._counts[codes.doubt]
   limit = math.min(limit or DEFAULT_LIMIT, total)
   if limit == 0 then
      return {}, total
   end
   local reader, err = journal_file.open(self.path)
   if not reader then
      return nil, err
   end
   local keys
   keys, err = collect_in_doubt(self, reader, limit)
   reader:close()
   if not keys then
      return nil, err
   end
   return keys, total
end

--- Write the file to disk (fsync), and release the lock. Further calls have no effect.
---@return true? ok, kenar.Error? err
function Journal:close()
   local ok, message = self._file:close()
   self._set:close()
   if self._lock then
      self._lock:close()
      self._lock = nil
   end
   if not ok then
      return nil, failure(self.path, message)
   end
   return true
end

return journals
