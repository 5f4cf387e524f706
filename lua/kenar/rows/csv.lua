--- CSV as RFC 4180 has it: the cells of a record, and records by the names in the first one.
--
-- A quote inside a cell that does not begin with one is a quote, as spreadsheets have it.

local core = require "kenar.core"

local csv = {}

local byte, find, gsub, sub = string.byte, string.find, string.gsub, string.sub
local utf8_valid = core.utf8_valid

local QUOTE, CARRIAGE_RETURN = byte '"', byte "\r"
local MAX_RECORD_BYTES = 1024 * 1024

-- For what stands outside quotes only: within them a line's end is the cell's.
local function trim_end(line)
   if byte(line, -1) == CARRIAGE_RETURN then
      return sub(line, 1, -2)
   end
   return line
end

-- The next line of the file, checked.
local function next_line(source)
   local line, message = source:next()
   if not line then
      return nil, message
   end
   local ok, offset = utf8_valid(line)
   if not ok then
      return nil, ("not UTF-8 at byte %d of the line (in Excel: save as \"CSV UTF-8\")"):format(offset)
   end
   return line
end

-- The text of a quoted cell whose quote stands at `start`, which may go on over lines of its own; then the line on
-- which it ends, and where its last quote stands there. Or nil, message, the line that is wrong.
local function read_quoted(source, line, start)
   local first, length = source.number, #line
   local parts = {}
   local from = start + 1
   while true do
      local stop = find(line, '"', from, true)
      while stop and byte(line, stop + 1) == QUOTE do
         stop = find(line, '"', stop + 2, true)
      end
      if stop then
         parts[#parts + 1] = sub(line, from, stop - 1)
         return (gsub(table.concat(parts), '""', '"')), line, stop
      end
      parts[#parts + 1] = sub(line, from)
      parts[#parts + 1] = "\n"
      local message
      line, message = next_line(source)
      if not line then
         return nil, message or "a quote that is never closed", message and source.number or first
      end
      length = length + 1 + #line
      if length > MAX_RECORD_BYTES then
         return nil, ("a row of more than %d bytes; is a quote never closed?"):format(MAX_RECORD_BYTES), first
      end
      from = 1
   end
end

-- The cells of the record that begins with `line`: list, count. Or nil, message, line.
local function read_record(source, line, separator)
   local cells, count, start = {}, 0, 1
   while true do
      count = count + 1
      local stop
      if byte(line, start) == QUOTE then
         local text, ended, quote = read_quoted(source, line, start)
         if not text then
            return nil, ended, quote
         end
         cells[count] = text
         line, stop = ended, quote + 1
         if stop > #line or stop == #line and byte(line, stop) == CARRIAGE_RETURN then
            return cells, count
         end
         if sub(line, stop, stop + #separator - 1) ~= separator then
            return nil, ("a quote is followed by neither %q nor the line's end"):format(separator), source.number
         end
      else
         stop = find(line, separator, start, true)
         if not stop then
            cells[count] = trim_end(sub(line, start))
            return cells, count
         end
         cells[count] = sub(line, start, stop - 1)
      end
      start = stop + #separator
   end
end

-- The record as a row; false where all its cells are empty. Or nil, message.
local function name_cells(cells, count, names)
   local row, is_blank = {}, true
   for i = 1, count do
      local cell = cells[i]
      if cell ~= "" then
         local name = names[i]
         if not name then
            return nil, ("cell %d has no column: the first line names %d"):format(i, names.count)
         end
         row[name], is_blank = cell, false
      end
   end
   return not is_blank and row
end

-- The same as the two above, for a line without a quote, without a list in between: most lines are such.
local function read_plain(line, separator, names)
   local row, is_blank = {}, true
   local start, i = 1, 1
   line = trim_end(line)
   repeat
      local stop = find(line, separator, start, true)
      if stop ~= start and start <= #line then
         local name = names[i]
         if not name then
            return nil, ("cell %d has no column: the first line names %d"):format(i, names.count)
         end
         row[name], is_blank = sub(line, start, stop and stop - 1), false
      end
      start, i = (stop or 0) + #separator, i + 1
   until not stop
   return not is_blank and row
end

-- Columns at the end may be without a name, as spreadsheets leave them, as long as nothing stands in them.
local function read_names(source, separator)
   local line, message = next_line(source)
   while line and trim_end(line) == "" do
      line, message = next_line(source)
   end
   if not line then
      return nil, message or "no first line with the names of the columns", message and source.number
   end
   local number = source.number
   local cells, count, wrong_line = read_record(source, line, separator)
   if not cells then
      return nil, count, wrong_line
   end
   local names, places = { count = 0 }, {}
   for i = 1, count do
      local name = core.trim(cells[i])
      if name ~= "" then
         if places[name] then
            return nil, ("columns %d and %d have the same name, %s"):format(places[name], i, name), number
         end
         places[name], names[i], names.count = i, name, i
      end
   end
   if names.count == 0 then
      return nil, "no column has a name", number
   end
   local other = count == 1 and separator == "," and names[1]:match "[;\t|]"
   if other then
      return nil, ("one column, %s: is the separator %q?"):format(names[1], other), number
   end
   return names
end

--- What reads the rows of a source. It takes the first line at once.
---@param source kenar.Lines
---@param options { separator: string? }
---@return (fun(source: kenar.Lines): table?, string?, integer?)? read the next row, its line; or nil, message, line
---@return string? message, integer? line
function csv.reader(source, options)
   local separator = options.separator or ","
   local names, wrong, wrong_line = read_names(source, separator)
   if not names then
      return nil, wrong, wrong_line
   end

   return function()
      while true do
         local line, message = next_line(source)
         if not line then
            return nil, message, source.number
         end
         local number = source.number
         local row
         if find(line, '"', 1, true) then
            local cells, count
            cells, count, wrong_line = read_record(source, line, separator)
            if not cells then
               return nil, count, wrong_line
            end
            row, message = name_cells(cells, count, names)
         else
            row, message = read_plain(line, separator, names)
         end
         if row ~= false then
            return row, message, number
         end
      end
   end
end

return csv
