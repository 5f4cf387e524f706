--- A file or a string read line by line, with no more of it in memory than a line and a piece.
--
-- Lua's own `file:lines()` stops at a zero byte on LuaJIT, has no limit, and does not tell whether the last line was
-- ended.

local lines = {}

---@class kenar.Lines
---@field number integer of the line that was given last, from 1
---@field offset integer how many bytes stand before the one that comes next
---@field is_cut boolean  whether the line that was given last had no end
local Lines = {}
Lines.__index = Lines

local PIECE_BYTES = 64 * 1024

local find, sub = string.find, string.sub

local function make(file, buffer, max_bytes)
   return setmetatable({
      number = 0, offset = 0, is_cut = false, _file = file, _buffer = buffer, _start = 1, _max = max_bytes,
   }, Lines)
end

--- Read a file.
---@param path string
---@param max_bytes integer how long a line may be
---@return kenar.Lines? lines, string? message
function lines.open(path, max_bytes)
   local file, message = io.open(path, "rb")
   if not file then
      return nil, message
   end
   return make(file, "", max_bytes)
end

--- Read a string.
---@param text string
---@param max_bytes integer
---@return kenar.Lines
function lines.of(text, max_bytes)
   return make(nil, text, max_bytes)
end

-- Put the next piece behind what is left; nil at the end, with a message where it could not be read.
local function read_on(self)
   if not self._file then
      return nil
   end
   local piece, message = self._file:read(PIECE_BYTES)
   if not piece then
      return nil, message
   end
   self._buffer = sub(self._buffer, self._start) .. piece
   self._start = 1
   return true
end

--- How many bytes there are in all.
---@return integer? bytes nil where that cannot be told: of a pipe
function Lines:size()
   if not self._file then
      return self.offset + #self._buffer - self._start + 1
   end
   local here = self._file:seek()
   local size = here and self._file:seek "end"
   if size then
      self._file:seek("set", here)
   end
   return size
end

--- The bytes with which it begins, without taking them; fewer where there are no more.
---@param count integer
---@return string? bytes, string? message
function Lines:peek(count)
   while #self._buffer - self._start + 1 < count do
      local ok, message = read_on(self)
      if message then
         return nil, message
      end
      if not ok then
         break
      end
   end
   return sub(self._buffer, self._start, self._start + count - 1)
end

--- Leave bytes out that were peeked at.
---@param count integer
function Lines:skip(count)
   self._start = self._start + count
   self.offset = self.offset + count
end

--- The next line, without its "\n" (a "\r" before it stays).
---@return string? line nil at the end
---@return string? message what could not be read, or that a line is too long
function Lines:next()
   local stop = find(self._buffer, "\n", self._start, true)
   while not stop and #self._buffer - self._start < self._max do
      local searched = #self._buffer - self._start + 1
      local ok, message = read_on(self)
      if message then
         return nil, message
      end
      if not ok then
         break
      end
      stop = find(self._buffer, "\n", searched + 1, true)
   end
   local line = sub(self._buffer, self._start, stop and stop - 1)
   if not stop and line == "" then
      return nil
   end
   self.number = self.number + 1
   if #line > self._max then
      return nil, ("a line of more than %d bytes"):format(self._max)
   end
   self._start = self._start + #line + (stop and 1 or 0)
   self.offset = self.offset + #line + (stop and 1 or 0)
   self.is_cut = not stop
   return line
end

--- Close the file; nothing comes after that. May be called again.
function Lines:close()
   if self._file then
      self._file:close()
      self._file = nil
   end
   self._buffer, self._start = "", 1
end

return lines
