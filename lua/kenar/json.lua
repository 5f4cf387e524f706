--- JSON, strict in both directions, with lua-cjson's conventions.
--
-- Reading accepts RFC 8259 and nothing else: valid UTF-8, no key twice in an object, no number too large for a
-- double. Null is `json.null`; every array has the metatable `json.array_mt`, so that an empty one is written
-- as `[]` again. Whole numbers without fraction and exponent are integers on Lua 5.4, up to 64 bits; other
-- numbers, and all numbers on LuaJIT, are the nearest double, which is exact up to 2^53.
--
-- Writing gives the shortest digits that read back to the same number, and whole ones without a point: 1.0 is
-- `1`. A table with keys 1 to n is an array, one with string keys an object, an empty one `{}` unless its
-- metatable says otherwise; other tables, and lists with a hole, are refused, as are NaN and infinity, bytes that
-- are not UTF-8, functions, and nesting deeper than 64. No metamethod is called.

local core = require "kenar.core"
local errors = require "kenar.error"

local json = { null = core.null }

-- The constants of the installed lua-cjson. Debian's has none of these, OpenResty's has all three.
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
---@param options? { max_bytes: integer?, max_depth: integer? } default: 2 GiB; 64 levels, 1000 at most
---@return any value, kenar.Error? err kind `invalid`, with the offset of the first byte that does not fit
function json.decode(bytes, options)
   local value, message, offset
   if options then
      value, message, offset = decode(bytes, options.max_bytes, options.max_depth)
   else
      value, message, offset = decode(bytes)
   end
   if message == nil then
      return value
   end
   return nil, errors.new {
      kind = "invalid", offset = offset, message = ("not JSON: %s at byte %d"):format(message, offset),
   }
end

return json
