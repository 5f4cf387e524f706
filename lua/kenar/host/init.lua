--- The host that a client uses when it is given none: nginx's inside nginx, else one loop for the whole program.

local host = {}

local current

---@return table host
function host.current()
   if not current then
      if rawget(_G, "ngx") and ngx.socket then
         current = require("kenar.host.resty").new()
      else
         current = require("kenar.host.loop").new {}
      end
   end
   return current
end

return host
