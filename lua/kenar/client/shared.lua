--- What all clients of one app share on a host, whoever they act for.

local per_app = {}

--- A function that finds it, and makes it where there is none. A host's goes with the host, an app's with its last
--- client.
---@param make fun(host: table, api_key: string): table
---@return fun(host: table, api_key: string): table of
function per_app.of(make)
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

return per_app
