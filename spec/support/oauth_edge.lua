--- A virtual host at whose edge a spec plays Divar: the token endpoint, which rotates tokens, and the API.
local json = require "kenar.json"
local urls = require "kenar.base.url"
local virtual = require "kenar.host.virtual"

local oauth_edge = {}

local OAUTH, API = "https://oauth.divar.ir", "https://open-api.divar.ir"
-- How long Divar's documents say that a rotated pair goes on working.
local GRACE = 120

local function answer(status, value)
   return { status = status, headers = {}, body = assert(json.encode(value)) }
end

local function invalid_grant()
   return answer(400, { error = "invalid_grant", error_description = "The provided grant is invalid or expired." })
end

local function issue(edge, scope)
   edge.issued = edge.issued + 1
   local tokens = {
      access_token = "ory_at_" .. edge.issued, expires_in = edge.lifetime, scope = scope, token_type = "bearer",
   }
   if edge.is_refreshable then
      tokens.refresh_token = "ory_rt_" .. edge.issued
      edge.refresh_tokens[tokens.refresh_token] = { scope = scope }
   end
   return answer(200, tokens)
end

local function serve_tokens(edge, req)
   local fields = urls.decode_query(req.body)
   edge.token_requests[#edge.token_requests + 1] = { url = req.url, headers = req.headers, fields = fields }
   if edge.latency > 0 then
      edge.host.sleep(edge.latency)
   end
   if edge.on_token then
      local response, err = edge.on_token(fields, req)
      if response or err then
         return response, err
      end
   end
   if fields.grant_type == "authorization_code" then
      local scope = edge.codes[fields.code]
      edge.codes[fields.code] = nil
      return scope and issue(edge, scope) or invalid_grant()
   end
   local pair = edge.refresh_tokens[fields.refresh_token]
   if not pair or pair.rotated_at and edge.host.now() - pair.rotated_at > GRACE then
      return invalid_grant()
   end
   pair.rotated_at = pair.rotated_at or edge.host.now()
   return issue(edge, pair.scope)
end

local function serve_api(edge, req)
   local call = {
      method = req.method, path = req.url:sub(#API + 1),
      token = (req.headers.authorization or ""):match "^Bearer (.*)$",
      body = req.body and json.decode(req.body),
   }
   edge.calls[#edge.calls + 1] = call
   if edge.on_call then
      local response, err = edge.on_call(call)
      if response or err then
         return response, err
      end
   end
   if call.path == "/v1/open-platform/users" then
      return answer(200, { user_id = edge.user_id })
   end
   return answer(200, { status = 200, message = "success" })
end

--- Make a Divar. Its fields may be changed: `lifetime` of access tokens in seconds, `is_refreshable`, `latency` of the
--- token endpoint, `user_id`, `codes` (code to granted scopes), `on_token(fields, req)` and `on_call(call)`, which may
--- answer instead; `token_requests` and `calls` are what came.
---@return table edge
function oauth_edge.new()
   local edge = {
      lifetime = 3600, is_refreshable = true, latency = 0, user_id = "user-1", issued = 0,
      codes = {}, refresh_tokens = {}, token_requests = {}, calls = {}, lines = {}, errors = {},
   }
   edge.host = virtual.new {
      serves = {
         [OAUTH] = function(req) return serve_tokens(edge, req) end,
         [API] = function(req) return serve_api(edge, req) end,
      },
      log = function(line) edge.lines[#edge.lines + 1] = line end,
      on_error = function(err) edge.errors[#edge.errors + 1] = err end,
   }
   return edge
end

--- A store that a spec can break: `store.broken[name] = true` makes that call fail.
---@param inner kenar.Store
---@return kenar.Store
function oauth_edge.breakable(inner)
   local errors = require "kenar.error"
   local store = { broken = {}, calls = {} }
   for _, name in ipairs { "get", "set", "del", "incr", "add", "cas" } do
      store[name] = function(_, key, ...)
         store.calls[#store.calls + 1] = name .. " " .. key
         local broken = store.broken[name]
         if broken == true or type(broken) == "string" and key:find(broken, 1, true) then
            return nil, errors.new { kind = "store", message = "the disk is full" }
         end
         return inner[name](inner, key, ...)
      end
   end
   return store
end

return oauth_edge
