--- The phases of nginx in which Lua code may wait.
--
-- In other phases nginx's own functions raise as well, but their errors do not say what to do instead.

local phases = {}

-- Phases with sockets and semaphores that yield (documents of nginx's Lua module, `ngx.socket.tcp`).
local waits = {
   rewrite = true, server_rewrite = true, access = true, content = true, timer = true,
   ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true, preread = true,
}

-- Calls `request.on_wait` before the first wait of the request that nginx is answering. ngx.ctx ends with nginx's
-- request, and a task, which runs in a timer, has another ngx.ctx.
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

--- Whether the current phase may wait.
---@return boolean
function phases.waits()
   return waits[ngx.get_phase()] == true
end

--- Each function that waits calls this first. Raises if the current phase cannot wait.
---@param what string the function's name for the error: "host.request"
---@param level integer as for `error`
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
