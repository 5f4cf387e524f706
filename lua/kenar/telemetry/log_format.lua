--- How a log line is written: logfmt, or a JSON object.

local json = require "kenar.json"
local printable = require "kenar.base.printable"
local repaired = require "kenar.base.utf8"

local log_format = {}

local escapes = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(character)
   return escapes[character] or printable.escape(character)
end

-- A line break in a value must not begin a line of its own.
local function quote(text)
   if text ~= "" and not text:find '[%s="\\%c\128-\255]' then
      return text
   end
   local escaped = printable.replace(text:gsub('["\\]', "\\%0"), escape)
   if escaped == text and text ~= "" and not text:find "[ =]" then
      return text
   end
   return '"' .. escaped .. '"'
end

--- `time=2026-08-18T09:15:00.250Z level=info msg="message answered" conversation=1fad7e32 ms=3`
---@param fields { [1]: string, [2]: string, [3]: any }[] name, value as text, and the value where it is a number or a
---   boolean
---@return string line
function log_format.logfmt(fields)
   local parts = {}
   for index, field in ipairs(fields) do
      parts[index] = field[1] .. "=" .. quote(field[2])
   end
   return table.concat(parts, " ")
end

-- A number as it stands in logfmt, too; JSON has no word for one that is not finite.
local function json_value(text, value)
   if type(value) == "boolean" or type(value) == "number" and tonumber(text) and value - value == 0 then
      return text
   end
   return printable.replace(assert(json.encode(repaired(text))), printable.escape)
end

--- `{"time":"2026-08-18T09:15:00.250Z","level":"info","msg":"message answered","conversation":"1fad7e32","ms":3}`
---@param fields { [1]: string, [2]: string, [3]: any }[]
---@return string line
function log_format.json(fields)
   local parts = {}
   for index, field in ipairs(fields) do
      parts[index] = ('"%s":%s'):format(field[1], json_value(field[2], field[3]))
   end
   return "{" .. table.concat(parts, ",") .. "}"
end

return log_format
