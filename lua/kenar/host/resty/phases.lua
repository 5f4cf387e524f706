--- In which of nginx's phases one may wait.
--
-- Elsewhere nginx's own functions raise, too, but do not say what to do instead.

local first_wait = require "kenar.host.resty.first_wait"

local phases = {}

-- Where nginx's Lua module has sockets and semaphores that yield (its documents, `ngx.socket.tcp`).
local waits = {
   rewrite = true, server_rewrite = true, access = true, content = true, timer = true,
   ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true, preread = true,
}

local get_phase = ngx.get_phase

--- Whether one may wait here.
---@return boolean
function phases.waits()
   return waits[get_phase()] == true
end

--- Everything that waits calls this before. Raises where nothing can wait.
---@param what string what was tried: "host.request"
---@param level integer of the caller to blame, as `error` counts
function phases.check(what, level)
   local phase = get_phase()
   if waits[phase] then
      first_wait.tell()
      return
   end
   local way_out = phase == "init" and "in init_worker or a request, call it inside" or "call it inside"
   error(("%s cannot wait in nginx's phase %s: %s host.spawn(function() ... end)"):format(what, phase, way_out),
      level + 1)
end

return phases
