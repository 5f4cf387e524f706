--- JSON, strict in both directions, with lua-cjson's conventions.

local core = require "kenar.core"
local errors = require "kenar.error"

local json = { null = core.null }

-- What the installed lua-cjson has of these; Debian's has none, OpenResty's all three.
local has_cjson, cjson = pcall(require, "cjson")
if not has_cjson then
   cjson = {}
end

json.array_mt = cjson.array_mt or {}
json.empty_array_mt = cjson.empty_array_mt
json.empty_array = cjson.empty_array

json.conventions = {
   array_mt = json.array_mt, empty_array_mt = json.empty_array_mt, empty_array = json.empty_array,
}

local codec = core.codec(json.conventions)
local encode, decode = codec.encode, codec.decode

--- Write a value as JSON.
---@param value any
---@return string? bytes, kenar.Error? err kind `invalid`, with the path
function json.encode(value)
   local bytes, message, path = encode(value)
   if bytes then
      return bytes
   end
   return nil, errors.new { kind = "invalid", message = message, path = path }
end

--- Read JSON.
---@param bytes string
---@param options? { max_bytes: integer?, max_depth: integer? } default depth 64
---@return any value, kenar.Error? err kind `invalid`, with the offset
function json.decode(bytes, options)
   local value, message, offset = decode(bytes, options and options.max_bytes, options and options.max_depth)
   if message == nil then
      return value
   end
   return nil, errors.new {
      kind = "invalid", offset = offset, message = ("not JSON: %s at byte %d"):format(message, offset),
   }
end

return json
