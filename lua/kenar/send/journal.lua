--- What a run over many rows has done, row by row, so that the next run goes on where it ended and does nothing twice.
--
-- A text file: one line when a row is begun and one when it is finished, each written before the call returns. They
-- outlive the process, however it ends; a power cut may take the last ones, for the disk is waited for at `close` only.
-- Once a row is begun, the disk has room for its second line, so that a full disk stops a run between rows.
--
-- In memory a key takes 16 to 30 bytes, whatever its length.

local core = require "kenar.core"
local errors = require "kenar.error"
local journal_file = require "kenar.send.journal_file"
local journal_line = require "kenar.send.journal_line"

local journals = {}

---@alias kenar.journal_state
---| "begun"   this run is at it
---| "sent"
---| "failed"  and will fail again
---| "retry"   nothing was sent; another run may try
---| "doubt"   it may have been sent: told so, or begun by a run that ended before it was finished

---@class kenar.Journal
---@field path string
---@field torn boolean  whether its last line was only half there, and was cut off
local Journal = {}
Journal.__index = Journal

local DEFAULT_LIMIT = 1000
local MAX_KEY_BYTES = journal_file.MAX_KEY_BYTES

local codes, states = journal_line.codes, journal_line.states
local failure = journal_file.failure

local function check(self, key, name)
   if not self._lock then
      error("the journal is closed", 3)
   end
   if type(key) ~= "string" then
      error(("journal:%s: expected a key, a string, got %s"):format(name, type(key)), 3)
   end
end

-- Remember a key's state, and how many keys have each.
local function note_state(self, written, code)
   local previous = self._set:put(written, code)
   local counts = self._counts
   if previous then
      counts[previous] = counts[previous] - 1
   end
   counts[code] = counts[code] + 1
   return previous
end

-- Read what earlier runs have written. Gives how much of the file is whole lines.
local function replay(self)
   local reader, err = journal_file.open(self.path)
   if not reader then
      return nil, err
   end
   local code, written = reader:next()
   while code do
      -- Whoever began it is gone.
      note_state(self, written, code == codes.begun and codes.doubt or code)
      code, written = reader:next()
   end
   reader:close()
   if written then
      return nil, written
   end
   return reader.whole_bytes
end

-- Everything that needs the lock: read, cut off what is torn, and write the first line of a new one.
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

--- Open a journal, a new one where there is no file.
---@param path string beside it stands `path .. ".lock"`, so that one run at a time has it
---@return kenar.Journal? journal
---@return kenar.Error? err kind `store`: another run has it (`pid`), no journal, damaged, or not to be written
function journals.open(path)
   local file, message = core.append_file(path)
   if not file then
      return nil, failure(path, message)
   end
   -- Before the lock is taken, so that none is left beside a file that is somebody else's.
   local reader, err = journal_file.open(path)
   if not reader then
      file:close()
      return nil, err
   end
   reader:close()

   local self = setmetatable({
      path = path, torn = false, _file = file, _owed = 0, _counts = { [0] = 0, 0, 0, 0, 0 },
   }, Journal)
   self._set, message = core.key_set()
   local ok
   if self._set then
      ok, err = lock(self)
   else
      err = failure(path, message)
   end
   if ok then
      ok, err = load(self)
   end
   if not ok then
      self:close()
      return nil, err
   end
   return self
end

--- What is known of a key.
---@param key string
---@return kenar.journal_state? state nil when no run has begun it
function Journal:state(key)
   check(self, key, "state")
   return states[self._set:get(journal_line.escape(key))]
end

--- Note that a key is begun. Only when this has returned true may it be sent.
---@param key string up to 1024 bytes
---@return true? ok, kenar.Error? err kind `store`: the disk is full, say; `invalid`: the key is too long
function Journal:begin(key)
   check(self, key, "begin")
   if #key > MAX_KEY_BYTES then
      return nil, errors.new { kind = "invalid", message = ("a key of more than %d bytes"):format(MAX_KEY_BYTES) }
   end
   local written = journal_line.escape(key)
   local code = self._set:get(written)
   if code == codes.begun or code == codes.sent then
      error(("journal:begin: %s: %s already"):format(key, states[code]), 2)
   end
   local owed = self._owed + journal_line.longest(#written)
   local ok, message = self._file:append(journal_line.format("begun", written), owed)
   if not ok then
      return nil, failure(self.path, message)
   end
   self._owed = owed
   note_state(self, written, codes.begun)
   return true
end

--- Note how it ended. Where that cannot be written, the key stays begun: in doubt for the next run.
---@param key string
---@param state "sent"|"failed"|"retry"|"doubt"
---@param note? string why, for people
---@return true? ok, kenar.Error? err
function Journal:finish(key, state, note)
   check(self, key, "finish")
   local code = codes[state]
   if not code or state == "begun" then
      error(("journal:finish: expected sent, failed, retry or doubt, got %s"):format(tostring(state)), 2)
   end
   local written = journal_line.escape(key)
   local ok, message = self._file:append(journal_line.format(state, written, note))
   if not ok then
      return nil, failure(self.path, message)
   end
   if note_state(self, written, code) == codes.begun then
      self._owed = self._owed - journal_line.longest(#written)
   end
   return true
end

-- The keys of the file that are begun or in doubt, each once, in the order in which they were begun.
local function collect_in_doubt(self, reader, limit)
   local found, seen = {}, {}
   local has_more, written = reader:next()
   while has_more and #found < limit do
      local code = not seen[written] and self._set:get(written)
      if code == codes.begun or code == codes.doubt then
         seen[written] = true
         found[#found + 1] = journal_line.unescape(written)
      end
      has_more, written = reader:next()
   end
   if not has_more and written then
      return nil, written
   end
   return found
end

--- The keys that may have been sent: in doubt, or begun and not finished. The file is read for it.
---@param limit? integer how many to list at most, 1000 unless given
---@return string[]? keys, integer|kenar.Error total how many there are, listed or not
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

--- Wait until the disk has it, and let others have it. May be called again.
---@return true? ok, kenar.Error? err
function Journal:close()
   local ok, message = self._file:close()
   if self._set then
      self._set:close()
   end
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
