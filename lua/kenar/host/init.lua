--- The host that a client uses when it is given none: nginx's where this runs inside nginx, else one loop for the whole
--- program.

local host = {}

local current

---@return table host
function host.current()
   if not current then
      -- The loop would block nginx's worker, and its libcurl may bring another OpenSSL than nginx has.
      local is_nginx = rawget(_G, "ngx") and ngx.socket
      current = require(is_nginx and "kenar.host.resty" or "kenar.host.loop").new {}
   end
   return current
end

return host
