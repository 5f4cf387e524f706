--- In which of nginx's phases one may wait.
--
-- Elsewhere nginx's own functions raise, too, but do not say what to do instead.

local phases = {}

-- Where nginx's Lua module has sockets and semaphores that yield (its documents, `ngx.socket.tcp`).
local waits = {
   rewrite = true, server_rewrite = true, access = true, content = true, timer = true,
   ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true, preread = true,
}

-- Calls `request.on_wait` before the first wait of the request that nginx is answering. The request is kept in ngx.ctx,
-- so that it ends with nginx's own and a task, which runs in a timer, does not see it.
local function tell_first_wait()
   local request = ngx.ctx.kenar_request
   local on_wait = request and request.on_wait
   if on_wait then
      request.on_wait = nil -- luacheck: ignore 122
      on_wait(request)
   end
end

--- Watch the request that nginx is answering, in the content phase: its `on_wait` is called before its first wait, and
--- is nil from then on.
---@param request kenar.Request
function phases.watch(request)
   ngx.ctx.kenar_request = request -- luacheck: ignore 122
end

--- Whether one may wait here.
---@return boolean
function phases.waits()
   return waits[ngx.get_phase()] == true
end

--- Everything that waits calls this before. Raises where nothing can wait.
---@param what string what was tried: "host.request"
---@param level integer of the caller to blame, as `error` counts
function phases.check(what, level)
   local phase = ngx.get_phase()
   if phase == "content" then
      tell_first_wait()
      return
   elseif waits[phase] then
      return
   end
   local way_out = phase == "init" and "in init_worker or a request, call it inside" or "call it inside"
   error(("%s cannot wait in nginx's phase %s: %s host.spawn(function() ... end)"):format(what, phase, way_out),
      level + 1)
end

return phases
