--- Rows of a file, one at a time: what `bot:send_many` sends.
--
--    for row in kenar.rows.csv "ads.csv" do print(row.key, row["نام"]) end
--
-- A file of any length takes the memory of one row. What is wrong with the file, or with a line of it, raises a kenar
-- error (kind `invalid`) that names both; rows before it have been given.

local checks = require "kenar.base.options"
local errors = require "kenar.error"
local lines = require "kenar.base.lines"
local rows_csv = require "kenar.rows.csv"
local rows_jsonl = require "kenar.rows.jsonl"

local rows = {}

--- An iterator that may be closed before its end.
---@class kenar.Rows
---@field line integer  the line on which the row that was given last begins
---@field path string   the file's name, or "text"
---@operator call: table?
local Rows = {}
Rows.__index = Rows

local MAX_LINE_BYTES = 1024 * 1024
local UTF8_BOM = "\239\187\191"
local utf16_boms = { ["\255\254"] = true, ["\254\255"] = true }

local function refuse(self, message, line)
   self:close()
   error(errors.new {
      kind = "invalid", message = message, line = line, path = line and ("%s:%d"):format(self.path, line) or self.path,
   }, 0)
end

-- Text has no zero bytes, unless it is UTF-16 that does not say so.
local function check_encoding(self, source)
   local first, message = source:peek(64)
   if not first then
      refuse(self, message)
   end
   if utf16_boms[first:sub(1, 2)] or first:find("\0", 1, true) then
      refuse(self, "UTF-16, expected UTF-8 (in Excel: save as \"CSV UTF-8\")")
   end
   if first:sub(1, 3) == UTF8_BOM then
      source:skip(3)
   end
end

--- The next row.
---@return table? row nil at the end, and after `close`
function Rows:__call()
   if not self._source then
      return nil
   end
   local row, message, line = self._read(self._source)
   if row then
      self.line = line
      return row
   end
   if message then
      refuse(self, message, line)
   end
   self:close()
end

--- How much of the file has been read.
---@return number? part from 0 to 1; nil where its size is not known
function Rows:fraction()
   if not self._source then
      return 1
   end
   self._size = self._size or self._source:size()
   return self._size and self._size > 0 and math.min(1, self._source.offset / self._size) or nil
end

--- Close the file; there are no more rows. Done by itself at the end and where something is wrong.
function Rows:close()
   if self._source then
      self._source:close()
      self._source = nil
   end
end

local function check_options(source, known, name)
   if type(source) == "string" then
      return { path = source }
   end
   if type(source) ~= "table" then
      error(("rows.%s: expected a path or a table, got %s"):format(name, type(source)), 3)
   end
   local problem = checks.problem(source, known, "unknown option %q")
   if problem then
      error(("rows.%s: %s"):format(name, problem), 3)
   end
   if (source.path == nil) == (source.text == nil) then
      error(("rows.%s: expected either path or text"):format(name), 3)
   end
   return source
end

local function open(options, format)
   local self = setmetatable({ line = 0, path = options.path or "text" }, Rows)
   local source, message
   if options.path then
      source, message = lines.open(options.path, MAX_LINE_BYTES)
   else
      source = lines.of(options.text, MAX_LINE_BYTES)
   end
   if not source then
      error(errors.new { kind = "invalid", message = message }, 0)
   end
   self._source = source
   check_encoding(self, source)
   local read, line
   read, message, line = format.reader(source, options)
   if not read then
      refuse(self, message, line)
   end
   self._read = read
   return self
end

--- Rows of a CSV file (RFC 4180), UTF-8, with or without a byte order mark, lines ended by LF or CRLF.
--
-- The first line has the names of the columns, and each row is a table by these names: strings as they stand in the
-- file. An empty cell is absent from it. Lines with nothing in them are left out. A row, with line ends inside its
-- quotes, may have 1 MiB.
---@param source string|{ path: string?, text: string?, separator: string? } a path; `separator` is "," unless given
---@return kenar.Rows
function rows.csv(source)
   local options = check_options(source, { path = "string", text = "string", separator = "string" }, "csv")
   local separator = options.separator
   if separator and (separator == "" or separator:find '["\r\n]') then
      error("rows.csv: separator: expected a character other than a quote or a line's end", 2)
   end
   return open(options, rows_csv)
end

--- Rows of a file with one JSON object a line. Null is absent from the row, blank lines are left out; a line may have
--- 1 MiB.
---@param source string|{ path: string?, text: string? } a path
---@return kenar.Rows
function rows.jsonl(source)
   return open(check_options(source, { path = "string", text = "string" }, "jsonl"), rows_jsonl)
end

return rows
