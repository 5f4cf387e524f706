--- A line of a journal: a state, a key in which any byte may stand, and a note.

local journal_line = {}

local find, gsub, sub = string.find, string.gsub, string.sub

local NOTE_BYTES = 200

--- The states that a line may begin with, by the number that stands for each in memory.
journal_line.states = { [0] = "begun", "sent", "failed", "retry", "doubt" }
journal_line.codes = {}
for code, state in pairs(journal_line.states) do
   journal_line.codes[state] = code
end

local function escape_byte(char)
   return ("\\x%02X"):format(char:byte())
end

local function unescape_byte(digits)
   return string.char(tonumber(digits, 16))
end

--- A key without what a line cannot have: its own end, the tab between its parts.
---@param key string
---@return string written
function journal_line.escape(key)
   if find(key, "[%c\\]") then
      return (gsub(key, "[%c\\]", escape_byte))
   end
   return key
end

---@param written string
---@return string key
function journal_line.unescape(written)
   return (gsub(written, "\\x(%x%x)", unescape_byte))
end

-- A part of it that has no half character at its end.
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
function journal_line.format(state, written, note)
   if note then
      return state .. "\t" .. written .. "\t" .. shorten(gsub(note, "%c", " ")) .. "\n"
   end
   return state .. "\t" .. written .. "\n"
end

--- How long the line may get that a key ends with.
---@param written_bytes integer length of the escaped key
---@return integer bytes
function journal_line.longest(written_bytes)
   return #"failed" + written_bytes + NOTE_BYTES + 3
end

---@param line string without its end
---@return integer? code nil where it is no line of a journal
---@return string? written the escaped key
function journal_line.parse(line)
   local _, _, state, written = find(line, "^(%l+)\t([^\t]*)")
   return journal_line.codes[state], written
end

return journal_line
