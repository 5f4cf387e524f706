--- The host that a client uses by default, and what every host promises (see kenar.host.contract).

local contract = require "kenar.host.contract"

local host = { complete = contract.complete }

local current

--- The host of this program: nginx's inside nginx, one loop elsewhere. It is made at the first call.
---@return kenar.Host host
function host.current()
   if not current then
      -- The loop would block nginx's worker, and its libcurl may bring another OpenSSL than nginx has.
      local is_nginx = rawget(_G, "ngx") and ngx.socket
      current = require(is_nginx and "kenar.host.resty" or "kenar.host.loop").new {}
   end
   return current
end

return host
