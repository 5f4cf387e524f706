--- The grants of one process of an app, over a store that several may share.
local clients = require "kenar.client"
local grants = require "kenar.grants"
local kenar = require "kenar"
local log = require "kenar.telemetry.log"

local process = {}

---@param edge table of spec.support.oauth_edge
---@param store kenar.Store
---@param options? { without_oauth: boolean }
---@return kenar.Grants
function process.new(edge, store, options)
   local host = edge.host
   return grants.new {
      store = store, host = host, timeout = 10,
      client = clients.new { api_key = "key-1", host = host },
      log = log.new { write = host.log, now = host.now, level = "debug" },
      oauth = not (options and options.without_oauth) and kenar.oauth {
         client_id = "my-app-slug", client_secret = "client-secret-1", redirect_uri = "https://bot.example.ir/kenar",
         host = host, store = store,
      } or nil,
   }
end

--- Tokens of which the edge knows the refresh token.
---@param edge table
---@param scopes string|string[]
---@param lifetime? number seconds
---@return kenar.Tokens
function process.tokens(edge, scopes, lifetime)
   scopes = kenar.scope.list(scopes)
   edge.issued = edge.issued + 1
   local tokens = {
      access_token = "ory_at_" .. edge.issued, scopes = scopes, expires_at = edge.host.now() + (lifetime or 3600),
   }
   if edge.is_refreshable then
      tokens.refresh_token = "ory_rt_" .. edge.issued
      edge.refresh_tokens[tokens.refresh_token] = { scope = table.concat(scopes, " ") }
   end
   return tokens
end

return process
