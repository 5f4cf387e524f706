--- The file of a journal as it is read: whether it is one, and its entries one by one.

local errors = require "kenar.error"
local journal_line = require "kenar.send.journal_line"
local lines = require "kenar.base.lines"

local journal_file = {}

---@class kenar.JournalReader
---@field whole_bytes integer   how much of the file is lines with an end, once `next` has come to the end
local Reader = {}
Reader.__index = Reader

journal_file.FIRST_LINE = "kenar-journal 1"
journal_file.MAX_KEY_BYTES = 1024

-- An escaped byte is four.
local MAX_LINE_BYTES = journal_line.longest(4 * journal_file.MAX_KEY_BYTES)

--- What is wrong with a journal.
---@param path string
---@param message string
---@return kenar.Error
function journal_file.failure(path, message)
   return errors.new { kind = "store", message = ("%s: %s"):format(path, message) }
end

-- Why a first line is not ours; nil when it is, or is the beginning of ours.
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

--- Open it, and read its first line.
---@param path string
---@return kenar.JournalReader? reader, kenar.Error? err where there is another file at that path
function journal_file.open(path)
   local source, message = lines.open(path, MAX_LINE_BYTES)
   if not source then
      return nil, journal_file.failure(path, message)
   end
   local first
   first, message = source:next()
   -- A first line that is too long is not ours; a folder has none.
   local refusal = first and judge_first_line(first, source.is_cut)
      or message and (source.number == 0 and message or judge_first_line "")
   if refusal then
      source:close()
      return nil, journal_file.failure(path, refusal)
   end
   return setmetatable({ path = path, whole_bytes = source.is_cut and 0 or source.offset, _source = source }, Reader)
end

--- The next entry.
---@return integer? code of its state; nil at the end: a last line without an end is none
---@return string|kenar.Error|nil written the escaped key, or what is wrong
function Reader:next()
   local source = self._source
   local line, message = source:next()
   if line and source.is_cut or not (line or message) then
      return nil
   end
   local code, written
   if line then
      code, written = journal_line.parse(line)
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
