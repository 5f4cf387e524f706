--- How a log line is written: logfmt, or a JSON object.

local json = require "kenar.json"
local repaired = require "kenar.utf8_repair"

local log_format = {}

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(byte)
   return escapes[byte] or ("\\u%04x"):format(byte:byte())
end

local function quote(text)
   -- A line break in a value must not begin a line of its own.
   if text == "" or text:find '[%s="\\%c]' then
      return '"' .. text:gsub('["\\%c]', escape) .. '"'
   end
   return text
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
   return assert(json.encode(repaired(text)))
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
