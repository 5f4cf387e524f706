--- Access to the sandbox: allowed for programs of this machine and for the sandbox's own pages, denied for other pages.
--
-- Another page could make a browser on this machine call the sandbox under another host name (DNS rebinding), or by
-- cross-site requests. Browsers mark such requests by headers that programs do not send.

local visitors = {}

local names = { ["127.0.0.1"] = true, ["[::1]"] = true, localhost = true }

-- The name in `127.0.0.1:8090`; nil if it is neither a name nor a name with a port.
local function name_of(host)
   local name, port = host:match "^(%[[%x:]+%])(.*)$"
   if not name then
      name, port = host:match "^([^:]+)(.*)$"
   end
   return name and (port == "" or port:find "^:%d+$") and name:lower() or nil
end

local function is_own_origin(origin, host)
   return origin:lower() == "http://" .. host:lower()
end

--- Check that a request's host is one of this machine's names.
---@param headers table<string, string>
---@return string? problem
function visitors.check_host(headers)
   local name = headers.host and name_of(headers.host)
   if not name or not names[name] then
      return "only under the names 127.0.0.1, [::1] and localhost"
   end
end

--- Check that a request comes from a program or from the sandbox's own page.
---@param headers table<string, string>
---@return string? problem
function visitors.check_site(headers)
   local site, origin = headers["sec-fetch-site"], headers.origin
   if site and site ~= "same-origin" and site ~= "none" then
      return "not for pages from elsewhere"
   elseif origin and not is_own_origin(origin, headers.host) then
      return "not for pages from elsewhere"
   end
end

return visitors
