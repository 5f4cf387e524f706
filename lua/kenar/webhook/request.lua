--- Authentication and parsing of webhook requests.
--
-- Divar sends a static string, the identification key, as the whole of `Authorization` and without a scheme. The key is
-- compared before the body is parsed.

local core = require "kenar.core"
local event = require "kenar.event"

local requests = {}

local json_headers = { ["content-type"] = "application/json" }

--- A response with a JSON body.
---@param status integer
---@param body? string default `{}`
---@return { status: integer, headers: table, body: string }
function requests.response(status, body)
   return { status = status, headers = json_headers, body = body or "{}" }
end

--- Whether a request carries one of the identification keys.
---@param keys string[] an empty list refuses every request
---@param authorization any the header as it came; a list, as nginx gives a doubled one, is refused
---@return boolean
function requests.authentic(keys, authorization)
   if type(authorization) ~= "string" then
      return false
   end
   local found = false
   for index = 1, #keys do
      -- Every key is compared, so that the time does not reveal which key is similar.
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
function requests.paths(prefix)
   local paths = {}
   for rest, endpoint in pairs(endpoints) do
      paths[prefix .. rest] = endpoint
   end
   return paths
end

--- Authenticate and parse a request.
---@param request { method: string, path: string, headers: table<string, string>, body: string }
---@param paths table<string, string> of requests.paths
---@param keys string[]
---@param allow_list? kenar.AllowList
---@return kenar.Event? event, table? response, string? reason of a refusal: for the log, never for the caller
function requests.receive(request, paths, keys, allow_list)
   local endpoint = paths[request.path]
   if not endpoint then
      return nil, requests.response(404), "unknown path"
   end
   if request.method ~= "POST" then
      local response = requests.response(405)
      response.headers = { ["content-type"] = "application/json", allow = "POST" }
      return nil, response, "method is not POST"
   end
   if allow_list then
      local allowed, reason = allow_list:allows(request)
      if not allowed then
         return nil, requests.response(403), reason
      end
   end
   if not requests.authentic(keys, request.headers.authorization) then
      return nil, requests.response(401), #keys == 0 and "no identification key is configured" or "wrong key"
   end
   local parsed, err = event.read(request.body or "", request.headers, endpoint)
   if not parsed then
      return nil, requests.response(400), err.message
   end
   return parsed
end

return requests
