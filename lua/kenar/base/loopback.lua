--- URLs that lead nowhere but to this machine.

local loopback = {}

--- Whether a URL's host, without its port, is this machine.
---@param host string
---@return boolean
function loopback.is_host(host)
   return host == "localhost" or host == "[::1]" or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

--- Whether a URL is http:// to this machine: nobody listens in between, and nobody else reaches it.
---@param url string
---@return boolean
function loopback.is_http(url)
   local authority = url:match "^http://([^/?#]*)"
   if not authority or authority:find("@", 1, true) then
      return false
   end
   local host = authority:match "^(%[[^%]]*%])" or authority:match "^[^:]*"
   return loopback.is_host(host)
end

return loopback
