--- Parts of URLs: hosts of this machine, and query strings (application/x-www-form-urlencoded), which are the bodies of
--- OAuth's token requests too.

local core = require "kenar.core"

local urls = {}

--- Whether a URL's host, without its port, is this machine.
---@param host string
---@return boolean
function urls.is_loopback_host(host)
   return host == "localhost" or host == "[::1]" or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

--- Whether a URL is http:// to this machine. No other machine can read such a connection, or reach the server.
---@param url string
---@return boolean
function urls.is_loopback_http(url)
   local authority = url:match "^http://([^/?#]*)"
   if not authority or authority:find("@", 1, true) then
      return false
   end
   local host = authority:match "^(%[[^%]]*%])" or authority:match "^[^:]*"
   return urls.is_loopback_host(host)
end

--- Encode fields in the order given. Fields without a value are left out.
---@param fields { [1]: string, [2]: string? }[]
---@return string
function urls.encode_query(fields)
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

--- Decode a query string. Broken percent-encoding, bytes that are not UTF-8, and a name that occurs twice are refused,
--- not repaired.
---@param text? string without the question mark; nil is an empty query
---@return table<string, string>? values, string? problem
function urls.decode_query(text)
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

return urls
