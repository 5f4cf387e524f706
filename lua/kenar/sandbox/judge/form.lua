--- application/x-www-form-urlencoded as the sandbox reads it: queries and OAuth's token requests.

local core = require "kenar.core"

local form = {}

local function decoded(text)
   local bytes = core.percent_decode((text:gsub("+", " ")))
   return bytes and core.utf8_valid(bytes) and bytes or nil
end

--- Decode fields.
---@param text? string
---@return table<string, string>? fields, string? problem
function form.read(text)
   local fields = {}
   for part in (text or ""):gmatch "[^&]+" do
      local name, value = part:match "^([^=]*)=?(.*)$"
      name, value = decoded(name), decoded(value)
      if not name or not value then
         return nil, "not percent-encoded UTF-8"
      elseif fields[name] then
         return nil, name .. " is there twice"
      end
      fields[name] = value
   end
   return fields
end

--- Encode fields; fields without a value are left out.
---@param fields { [1]: string, [2]: string? }[]
---@return string
function form.encode(fields)
   local parts = {}
   for _, field in ipairs(fields) do
      if field[2] ~= nil then
         parts[#parts + 1] = field[1] .. "=" .. core.percent_encode(field[2])
      end
   end
   return table.concat(parts, "&")
end

--- A URL with a query.
---@param url string
---@param fields { [1]: string, [2]: string? }[]
---@return string
function form.url(url, fields)
   return url .. "?" .. form.encode(fields)
end

return form
