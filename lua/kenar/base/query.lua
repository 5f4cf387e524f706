--- application/x-www-form-urlencoded: query strings, and the bodies of OAuth's token requests.

local core = require "kenar.core"

local query = {}

--- Write fields in the order given; those without a value are left out.
---@param fields { [1]: string, [2]: string? }[]
---@return string
function query.encode(fields)
   local parts = {}
   for _, field in ipairs(fields) do
      local name, value = field[1], field[2]
      if value ~= nil then
         parts[#parts + 1] = core.percent_encode(name) .. "=" .. core.percent_encode(value)
      end
   end
   return table.concat(parts, "&")
end

local function decode_part(text)
   local bytes = core.percent_decode((text:gsub("+", " ")))
   return bytes and core.utf8_valid(bytes) and bytes
end

--- Read a query string. What is malformed is refused, not repaired: a broken percent-encoding, bytes that are no UTF-8,
--- a name that stands there twice.
---@param text? string without the question mark; nil is an empty one
---@return table<string, string>? values, string? problem
function query.decode(text)
   local values = {}
   for part in (text or ""):gmatch "[^&]+" do
      local name, value = part:match "^([^=]*)=?(.*)$"
      name, value = decode_part(name), decode_part(value)
      if not name or not value then
         return nil, "the query is not percent-encoded UTF-8"
      elseif values[name] then
         return nil, ("the query has %q twice"):format(name)
      end
      values[name] = value
   end
   return values
end

return query
