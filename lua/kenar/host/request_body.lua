--- The body of a request: a string, or a list of strings and files that are read while they are sent.
--
-- Reading a file blocks the worker for as long as the disk takes, so a file is read in pieces.

local body = {}

local Body = {}
Body.__index = Body

-- Bytes that are passed to the socket at once.
local PIECE = 64 * 1024

-- The file stays open, so that the size is that of the bytes that are sent.
local function open_file(part)
   local size = part.size
   local file, message = io.open(part.path, "rb")
   if not file then
      return nil, message
   end
   local _, why = file:read(1) -- a folder can be opened, too
   local found = file:seek "end"
   file:seek("set", 0)
   if not why and size and size ~= found then
      why = "its size differs from the size given"
   end
   if why then
      file:close()
      return nil, part.path .. ": " .. why
   end
   return file, found
end

local function close_files(self)
   for _, part in ipairs(self.parts) do
      if part.file then
         part.file:close()
         part.file = nil
      end
   end
end

Body.close = close_files

local function check_part(part)
   if type(part) == "string" then
      return
   elseif type(part) ~= "table" then
      error("a part of the body is a string or { path = }, not a " .. type(part), 5)
   elseif type(part.path) ~= "string" or part.path:find "%z" then
      error("a file part of the body has a path", 5)
   elseif part.size ~= nil and type(part.size) ~= "number" then
      error("size is a number", 5)
   end
end

-- A file whose size has changed would contradict Content-Length.
local function read_file(part, at)
   local bytes = part.file:read(math.min(PIECE, part.size - at))
   local here = part.file:seek()
   if not bytes or part.file:seek "end" ~= part.size then
      return nil, "a file changed while it was sent"
   end
   part.file:seek("set", here)
   return bytes
end

local function read_string(part, at)
   if at == 0 and #part.bytes <= PIECE then
      return part.bytes
   end
   return part.bytes:sub(at + 1, at + PIECE)
end

--- The next piece.
---@return string|nil bytes nil at the end, string|nil message
function Body:read()
   local part = self.parts[self.current]
   while part and self.at >= part.size do
      self.current, self.at = self.current + 1, 0
      part = self.parts[self.current]
   end
   if not part then
      return nil
   end
   local bytes, message = (part.file and read_file or read_string)(part, self.at)
   if not bytes then
      return nil, message
   end
   self.at = self.at + #bytes
   return bytes
end

local function open_parts(self, list)
   for i, part in ipairs(list) do
      if type(part) == "string" then
         self.parts[i] = { bytes = part, size = #part }
      else
         local file, size = open_file(part)
         if not file then
            close_files(self)
            return nil, size
         end
         self.parts[i] = { file = file, size = size }
      end
      self.size = self.size + self.parts[i].size
   end
   return self
end

--- Open the body of a request. Raises for a malformed body; gives a message if a file cannot be sent.
---@param method string
---@param given nil|string|table list of strings and { path =, size = }
---@return table|string|nil opened with `size`, `read()` and `close()`; a short string is given back as it is
---@return string|nil message
function body.open(method, given)
   if given == nil then
      return nil
   end
   local given_type = type(given)
   if method == "GET" or method == "HEAD" then
      error(method .. " takes no body", 4)
   elseif given_type == "string" and #given <= PIECE then
      return given
   elseif given_type ~= "string" and given_type ~= "table" then
      error("body is a string or a list of strings and files, not a " .. given_type, 4)
   end
   local list = given_type == "string" and { given } or given
   for _, part in ipairs(list) do
      check_part(part)
   end
   return open_parts(setmetatable({ parts = {}, size = 0, current = 1, at = 0 }, Body), list)
end

return body
