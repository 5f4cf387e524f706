--- Objects that all clients of one app share on a host, also clients that act for different users.

local shared = {}

--- Make a function that returns the object of an app on a host, and makes it at the first call. An object lives as long
--- as its host and a client of its app.
---@param make fun(host: table, api_key: string): table
---@return fun(host: table, api_key: string): table of
function shared.by_app(make)
   local hosts = setmetatable({}, { __mode = "k" })
   return function(host, api_key)
      local apps = hosts[host]
      if not apps then
         apps = setmetatable({}, { __mode = "v" })
         hosts[host] = apps
      end
      local found = apps[api_key]
      if not found then
         found = make(host, api_key)
         apps[api_key] = found
      end
      return found
   end
end

return shared
