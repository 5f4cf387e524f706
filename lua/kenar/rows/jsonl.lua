--- One JSON object a line.

local json = require "kenar.json"

local jsonl = {}

-- The next line's object, or nil, message, line.
local function read(source)
   local line, message = source:next()
   while line and not line:find "[^ \t\r]" do
      line, message = source:next()
   end
   if not line then
      return nil, message, source.number
   end
   local row, err = json.decode(line)
   if err then
      return nil, err.message, source.number
   end
   if type(row) ~= "table" or getmetatable(row) == json.array_mt then
      return nil, "expected a JSON object", source.number
   end
   for name, value in pairs(row) do
      if value == json.null then
         row[name] = nil
      end
   end
   return row, nil, source.number
end

--- What reads the rows of a source.
---@param _ kenar.Lines
---@return fun(source: kenar.Lines): table?, string?, integer?
function jsonl.reader(_)
   return read
end

return jsonl
