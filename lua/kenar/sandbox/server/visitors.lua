--- Who may come to the sandbox: programs of this machine, and pages of its own. No page from elsewhere.
--
-- A page elsewhere could make a browser on this machine come here under another name (DNS rebinding), or without asking
-- (cross-site requests). Programs send none of the headers by which a browser tells.

local visitors = {}

local names = { ["127.0.0.1"] = true, ["[::1]"] = true, localhost = true }

-- The name in `127.0.0.1:8090`; nil where it is neither a name nor a name with a port.
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

--- Whether a request comes under one of this machine's names.
---@param headers table<string, string>
---@return string? problem
function visitors.check_host(headers)
   local name = headers.host and name_of(headers.host)
   if not name or not names[name] then
      return "only under the names 127.0.0.1, [::1] and localhost"
   end
end

--- Whether a request that does or shows something comes from a program, or from the sandbox's own page.
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
