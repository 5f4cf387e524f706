--- Which addresses may post to a bot: a check before the identification key, for bots that want it.
--
-- The address is that of the connection. X-Forwarded-For counts only if the connection comes from a proxy that the bot
-- names, because anybody can write that header.

local core = require "kenar.core"
local network = require "kenar.base.network"

local allow_list = {}

local find, sub = string.find, string.sub

-- The addresses of X-Forwarded-For. A server gives a repeated header joined by commas, or as a list.
local function forwarded(header)
   if type(header) == "table" then
      header = table.concat(header, ",")
   end
   local list, from = {}, 1
   repeat
      local comma = find(header or "", ",", from, true)
      list[#list + 1] = core.trim(sub(header or "", from, (comma or 0) - 1))
      from = comma and comma + 1
   until not from
   if #list == 1 and list[1] == "" then
      return {}
   end
   return list
end

---@class kenar.AllowList
local AllowList = {}
AllowList.__index = AllowList

--- Whether a request may come in. From the connection back, each trusted proxy vouches for the hop before it.
---@param request { remote_addr: string?, headers: table }
---@return boolean allowed, string? reason
function AllowList:allows(request)
   local caller = request.remote_addr
   local bytes = network.address(caller)
   local hops = forwarded(request.headers["x-forwarded-for"])
   for index = #hops, 1, -1 do
      if not bytes or not network.is_in_any(bytes, self._proxies) then
         break
      end
      caller = hops[index]
      bytes = network.address(caller)
   end
   if not bytes then
      return false, "the caller's address cannot be read"
   elseif not network.is_in_any(bytes, self._allowed) then
      return false, "not an allowed address: " .. caller
   end
   return true
end

--- Make an allow list.
---@param allowed kenar.Network[] of network.list
---@param proxies? kenar.Network[]
---@return kenar.AllowList
function allow_list.new(allowed, proxies)
   return setmetatable({ _allowed = allowed, _proxies = proxies or {} }, AllowList)
end

return allow_list
