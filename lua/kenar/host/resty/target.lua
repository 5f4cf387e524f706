--- Reads the origin of a URL: the address to connect to, the name that its certificate must have, and the pool of its
--- kept connections.

local urls = require "kenar.base.url"

local target = {}

local SCHEMES = { https = 443, http = 80 }

-- Programs call few origins. When there are more, all are forgotten.
local MOST_ORIGINS = 256

local function read_host(authority)
   if authority:find("@", 1, true) then
      return nil, "the URL has a user part: send credentials in a header"
   end
   local host, port
   if authority:sub(1, 1) == "[" then
      host, port = authority:match "^(%[[%x:.]+%])(.*)$"
      if not host then
         return nil, "the URL has a bad IPv6 address"
      end
   else
      host, port = authority:match "^([%w.%-_]+)(.*)$"
      if not host then
         return nil, "the URL has no valid host"
      elseif port ~= "" and port:sub(1, 1) ~= ":" then
         return nil, "the URL has a character that is not allowed in a host"
      end
   end
   if port == "" then
      return host:lower()
   end
   local number = port:match "^:%d%d?%d?%d?%d?$" and tonumber(port:sub(2))
   if not number or number < 1 or number > 65535 then
      return nil, "the URL has a bad port"
   end
   return host:lower(), number
end

-- Each scheme, host and port has its own pool, because a certificate was checked for one name only.
local function read_origin(origin, insecure_http, most_kept)
   local scheme, authority = origin:match "^(%a+)://(.+)$"
   scheme = scheme and scheme:lower()
   if not SCHEMES[scheme] then
      return nil, "the URL begins with neither https:// nor http://"
   end
   local host, port = read_host(authority)
   if not host then
      return nil, port
   end
   if scheme == "http" and not insecure_http and not urls.is_loopback_host(host) then
      return nil, "http:// to another machine is not encrypted: use https://"
   end
   local is_default = port == nil or port == SCHEMES[scheme]
   port = port or SCHEMES[scheme]
   return {
      is_encrypted = scheme == "https", port = port, name = host,
      -- nginx's resolver asks DNS servers only, which may not know this name.
      address = host == "localhost" and "127.0.0.1" or host,
      host_line = ("Host: %s\r\n"):format(is_default and host or host .. ":" .. port),
      pool = { pool = ("kenar:%s:%s:%d"):format(scheme, host, port), pool_size = most_kept },
      -- No connection is ever kept in this pool.
      empty_pool = { pool = ("kenar:new:%s:%s:%d"):format(scheme, host, port), pool_size = 1 },
   }
end

--- A function that reads URLs: `read(url) -> origin, path | nil, message`. An origin has `address` and `port` to
--- connect to, `is_encrypted`, the `name` that its certificate must have, `host_line`, the `pool` of kept connections
--- as nginx's `connect` takes it, and an `empty_pool`. The path goes with its query, without the fragment.
---@param insecure_http boolean? allow http:// to other machines
---@param most_kept integer connections that are kept for an origin
---@return fun(url: string): table|nil, string
function target.reader(insecure_http, most_kept)
   local origins, count = {}, 0
   return function(url)
      if type(url) ~= "string" then
         error("url is a string", 3)
      end
      -- Nearly all URLs have this form and a known origin.
      local origin, path = url:match "^(%a+://[^/?#%c ]+)(/[^#%c ]*)$"
      if origins[origin] then
         return origins[origin], path
      elseif url:find "[%c ]" then
         return nil, "the URL has a space or a control character: percent-encode it"
      end
      origin, path = url:match "^(%a+://[^/?#]+)([^#]*)"
      if not origin then
         return nil, url:find "^[Hh][Tt][Tt][Pp][Ss]?://" and "the URL has no valid host"
            or "the URL begins with neither https:// nor http://"
      end
      local known = origins[origin]
      if not known then
         local message
         known, message = read_origin(origin, insecure_http, most_kept)
         if not known then
            return nil, message
         end
         if count >= MOST_ORIGINS then
            origins, count = {}, 0
         end
         origins[origin], count = known, count + 1
      end
      return known, path:sub(1, 1) == "/" and path or "/" .. path
   end
end

return target
