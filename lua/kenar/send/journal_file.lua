--- The format of a journal: its first line, then one entry a line. An entry has a state, an escaped key and a note.

local errors = require "kenar.error"
local lines = require "kenar.base.lines"

local journal_file = {}

local find, gsub, sub = string.find, string.gsub, string.sub

---@class kenar.JournalReader
---@field whole_bytes integer  the length of all complete lines, once `next` has returned nil at the end
local Reader = {}
Reader.__index = Reader

journal_file.FIRST_LINE = "kenar-journal 1"
journal_file.MAX_KEY_BYTES = 1024

local NOTE_BYTES = 200

--- The states that an entry may begin with, by the number that stands for each in memory.
journal_file.states = { [0] = "begun", "sent", "failed", "retry", "doubt" }
local codes = {}
for code, state in pairs(journal_file.states) do
   codes[state] = code
end
journal_file.codes = codes

local function escape_byte(char)
   return ("\\x%02X"):format(char:byte())
end

local function unescape_byte(digits)
   return string.char(tonumber(digits, 16))
end

--- Escape a key's control characters, because a newline ends an entry and a tab ends a key.
---@param key string
---@return string written
function journal_file.escape(key)
   if find(key, "[%c\\]") then
      return (gsub(key, "[%c\\]", escape_byte))
   end
   return key
end

---@param written string
---@return string key
function journal_file.unescape(written)
   return (gsub(written, "\\x(%x%x)", unescape_byte))
end

-- At most NOTE_BYTES of a note, cut between two characters.
local function shorten(note)
   if #note <= NOTE_BYTES then
      return note
   end
   local stop = NOTE_BYTES
   while stop > 0 and find(note, "^[\128-\191]", stop + 1) do
      stop = stop - 1
   end
   return sub(note, 1, stop)
end

---@param state string
---@param written string an escaped key
---@param note? string its control characters become spaces, and 200 bytes of it are kept
---@return string line
function journal_file.format(state, written, note)
   if note then
      return state .. "\t" .. written .. "\t" .. shorten(gsub(note, "%c", " ")) .. "\n"
   end
   return state .. "\t" .. written .. "\n"
end

--- The length of the longest entry that can finish a key.
---@param written_bytes integer length of the escaped key
---@return integer bytes
function journal_file.longest(written_bytes)
   return #"failed" + written_bytes + NOTE_BYTES + 3
end

-- An escaped byte takes four.
local MAX_LINE_BYTES = journal_file.longest(4 * journal_file.MAX_KEY_BYTES)

--- Parse an entry.
---@param line string without its end
---@return integer? code nil if the line is no entry of a journal
---@return string? written the escaped key
function journal_file.parse(line)
   local _, _, state, written = find(line, "^(%l+)\t([^\t]*)")
   return codes[state], written
end

--- Make an error of kind `store` that names the journal's path.
---@param path string
---@param message string
---@return kenar.Error
function journal_file.failure(path, message)
   return errors.new { kind = "store", message = ("%s: %s"):format(path, message) }
end

-- Why a file with this first line is refused; nil if the line is FIRST_LINE, or a beginning of it that was cut.
local function judge_first_line(line, is_cut)
   local ours = journal_file.FIRST_LINE
   if line == ours or is_cut and ours:sub(1, #line) == line then
      return nil
   end
   if line:find "^kenar%-journal %d+$" then
      return "a journal of another version: " .. line
   end
   return "not a journal of kenar's; it is left as it is"
end

--- Open a journal for reading, and check its first line.
---@param path string
---@return kenar.JournalReader? reader, kenar.Error? err if the file cannot be read or is no journal
function journal_file.open(path)
   local source, message = lines.open(path, MAX_LINE_BYTES)
   if not source then
      return nil, journal_file.failure(path, message)
   end
   local first
   first, message = source:next()
   -- A first line that is too long is not a journal's. A folder has no line, and the message says so.
   local refusal = first and judge_first_line(first, source.is_cut)
      or message and (source.number == 0 and message or judge_first_line "")
   if refusal then
      source:close()
      return nil, journal_file.failure(path, refusal)
   end
   return setmetatable({ path = path, whole_bytes = source.is_cut and 0 or source.offset, _source = source }, Reader)
end

--- Read the next entry. A last line without a newline is no entry.
---@return integer? code the number of the entry's state; nil at the end, and on an error
---@return string|kenar.Error|nil written the escaped key, or the error
function Reader:next()
   local source = self._source
   local line, message = source:next()
   if line and source.is_cut or not (line or message) then
      return nil
   end
   local code, written
   if line then
      code, written = journal_file.parse(line)
   end
   if not code then
      return nil, journal_file.failure(self.path, ("line %d: %s"):format(source.number, message or "damaged"))
   end
   self.whole_bytes = source.offset
   return code, written
end

function Reader:close()
   self._source:close()
end

return journal_file
