--- The host that a client uses when it is given none: one loop for the whole program.

local host = {}

local current

---@return table host
function host.current()
   if not current then
      -- The loop would block nginx's worker, and its libcurl may bring another OpenSSL than nginx has.
      if rawget(_G, "ngx") and ngx.socket then
         error("kenar has no host for nginx in this version: run the bot with `kenar run` behind it", 2)
      end
      current = require("kenar.host.loop").new {}
   end
   return current
end

return host
