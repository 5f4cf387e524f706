--- The door: who may post to a bot, and what came.
--
-- Divar proves itself with one static string, the identification key, whole in `Authorization` and without a
-- scheme. It is compared before a byte of the body is read.

local core = require "kenar.core"
local event = require "kenar.event"

local webhook = {}

local json_headers = { ["content-type"] = "application/json" }

--- A response with a JSON body.
---@param status integer
---@param body? string default `{}`
---@return { status: integer, headers: table, body: string }
function webhook.response(status, body)
   return { status = status, headers = json_headers, body = body or "{}" }
end

--- Whether a request carries one of the identification keys.
---@param keys string[] empty means that nobody may
---@param authorization any the header as it came; a list, as nginx gives a doubled one, is refused
---@return boolean
function webhook.authentic(keys, authorization)
   if type(authorization) ~= "string" then
      return false
   end
   local found = false
   for index = 1, #keys do
      -- Every key is compared, so that the time does not tell which one came close.
      if core.equal(authorization, keys[index]) then
         found = true
      end
   end
   return found
end

-- Which part of a path below the prefix stands for which of the panel's three URLs. The prefix itself serves all.
local endpoints = { [""] = "any", ["/"] = "any", ["/events"] = "events", ["/session"] = "session",
   ["/action"] = "action" }

--- The paths below a prefix, and which of the panel's URLs each stands for.
---@param prefix string
---@return table<string, "any"|"events"|"session"|"action">
function webhook.paths(prefix)
   local paths = {}
   for rest, endpoint in pairs(endpoints) do
      paths[prefix .. rest] = endpoint
   end
   return paths
end

--- Let a request in, or answer it.
---@param request { method: string, path: string, headers: table<string, string>, body: string }
---@param paths table<string, string> of webhook.paths
---@param keys string[]
---@param access? kenar.Access
---@return kenar.Event? event, table? response, string? reason why it was refused: for the log, never for the caller
function webhook.receive(request, paths, keys, access)
   local endpoint = paths[request.path]
   if not endpoint then
      return nil, webhook.response(404), "unknown path"
   end
   if request.method ~= "POST" then
      local response = webhook.response(405)
      response.headers = { ["content-type"] = "application/json", allow = "POST" }
      return nil, response, "method is not POST"
   end
   if access then
      local allowed, reason = access:allows(request)
      if not allowed then
         return nil, webhook.response(403), reason
      end
   end
   if not webhook.authentic(keys, request.headers.authorization) then
      return nil, webhook.response(401), #keys == 0 and "no identification key is configured" or "wrong key"
   end
   local parsed, err = event.read(request.body or "", request.headers, endpoint)
   if not parsed then
      return nil, webhook.response(400), err.message
   end
   return parsed
end

return webhook
