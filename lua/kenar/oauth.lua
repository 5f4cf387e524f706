--- OAuth with Divar: the URL of the consent page, and the calls that give and renew tokens.
--
-- A bot does all this by itself (ctx:authorize, bot:granted). This module is for programs with their own web server.
-- Forms and addresses are from Divar's docs, OAuth pages; `legacy` has the forms of 2024-05 and before.

local attempt = require "kenar.client.attempt"
local checks = require "kenar.base.options"
local errors = require "kenar.error"
local hosts = require "kenar.host"
local json = require "kenar.json"
local log = require "kenar.telemetry.log"
local urls = require "kenar.base.url"
local scopes = require "kenar.scope"
local states = require "kenar.oauth.state"
local stores = require "kenar.store"
local version = require "kenar.version"

local oauth = {}

---@class kenar.Tokens
---@field access_token string
---@field refresh_token? string only with the scope offline_access
---@field expires_at number     of the access token, seconds since 1970
---@field scopes string[]
---@field token_type? string
local Tokens = {}
Tokens.__name = "kenar.tokens"

function Tokens.__tostring()
   return Tokens.__name
end

---@class kenar.OAuth
---@field states kenar.OAuthStates
---@field redirect_uri? string
local OAuth = {}
OAuth.__index = OAuth
OAuth.__name = "kenar.oauth"

function OAuth:__tostring()
   return ("%s: %s"):format(OAuth.__name, self._client_id)
end

-- Seconds, if an answer does not tell. Divar's documents show an hour; 604799 seconds were seen.
local DEFAULT_LIFE = 3600
local MAX_ANSWER = 65536
local MAX_DESCRIPTION = 300

local endpoint = { name = "oauth_token", method = "POST" }

local function json_body(fields)
   local object = {}
   for _, field in ipairs(fields) do
      object[field[1]] = field[2]
   end
   return assert(json.encode(object))
end

local FORM = "application/x-www-form-urlencoded"

-- Before 2024-05 there were two token calls, for JSON and for a form, with the same fields.
local function legacy_generation(token, content_type, body)
   return {
      authorize = "https://open-platform-redirect.divar.ir/oauth", token = "/v1/open-platform/oauth/" .. token,
      content_type = content_type, body = body, has_api_key = true,
      exchange = { "code", "client_id", "client_secret", "grant_type" },
      refresh = { "grant_type", "refresh_token" },
   }
end

-- By the option `legacy`: the addresses, and the fields of a request and their encoding.
local generations = {
   [false] = {
      authorize = "/oauth2/auth", token = "/oauth2/token", content_type = FORM, body = urls.encode_query,
      exchange = { "code", "client_id", "client_secret", "grant_type", "redirect_uri" },
      refresh = { "code", "client_id", "client_secret", "grant_type", "redirect_uri", "refresh_token" },
   },
   [true] = legacy_generation("access_token", "application/json", json_body),
   form = legacy_generation("url_encoded_access_token", FORM, urls.encode_query),
}

--- The URL of Divar's page that asks the user.
---@param state string as `states:issue` made it
---@param asked string[]
---@return string url
function OAuth:page_url(state, asked)
   local page = self._generation.authorize
   return (page:sub(1, 1) == "/" and self._oauth_url .. page or page) .. "?" .. urls.encode_query {
      { "response_type", "code" }, { "client_id", self._client_id }, { "redirect_uri", self.redirect_uri },
      { "scope", table.concat(asked, " ") }, { "state", state },
   }
end

local url_options = { scopes = true, data = true, ttl = true }

--- The URL to send a user to. Divar sends the user back to the redirect_uri with `state` and, if the user has agreed,
--- `code`.
---@param options { scopes: string|string[], data: table?, ttl: number? } `data` is stored with the state
---   until take_state; `ttl` in seconds (600)
---@return string? url, string|kenar.Error state or an error of kind `store`
function OAuth:authorize_url(options)
   checks.check(options, url_options, "unknown option %q of authorize_url", 2)
   local asked = scopes.list(options.scopes)
   if asked[1] == nil then
      error("scopes: at least one is needed", 2)
   elseif not self.redirect_uri then
      error("redirect_uri: needed, as it is registered in Divar's panel", 2)
   end
   local state, err = self.states:issue(options.data or {}, options.ttl)
   if not state then
      return nil, err
   end
   return self:page_url(state, asked), state
end

--- Use up the state that a user came back with. A state that was not issued, has expired or was used before is an
--- error, because the request may be forged.
---@param state any from the request, unchecked
---@return table? data of authorize_url, kenar.Error? err kind `auth` with code_name BAD_STATE, or `store`
function OAuth:take_state(state)
   return self.states:take(state)
end

-- Removes secrets from an error: answers hold tokens, and refusals may repeat the fields of the request.
local function clean(err, fields)
   local refusal = json.decode(err.body or "")
   err.body, err.details = nil, nil
   if err.status and type(refusal) == "table" and type(refusal.error) == "string" then
      local description = type(refusal.error_description) == "string" and refusal.error_description or ""
      err.kind = err.status < 500 and err.status ~= 429 and "auth" or err.kind
      err.code_name = refusal.error:sub(1, MAX_DESCRIPTION):upper():gsub("[^%w]", "_")
      err.message = refusal.error:sub(1, MAX_DESCRIPTION)
         .. (description ~= "" and ": " .. description:sub(1, MAX_DESCRIPTION) or "")
   end
   local secrets = {}
   for _, field in ipairs(fields) do
      if field[1] ~= "grant_type" and field[1] ~= "redirect_uri" and field[1] ~= "client_id" then
         secrets[#secrets + 1] = field[2]
      end
   end
   err.message = log.new { secrets = secrets }:mask(err.message):gsub("ory_%a+_[%w._-]+", "***")
   return nil, err
end

local function is_token(value)
   return type(value) == "string" and value ~= "" and not value:find "[%s%c]"
end

local function read_tokens(result, began)
   local access_token, refresh_token = result.access_token, result.refresh_token
   if not is_token(access_token) or refresh_token ~= nil and refresh_token ~= "" and not is_token(refresh_token) then
      return nil, errors.new {
         kind = "http", sent = "yes", retryable = false, endpoint = endpoint.name, method = endpoint.method,
         message = "Divar accepted the call, but its answer holds no usable token",
      }
   end
   local granted = type(result.scope) == "string" and scopes.list(result.scope) or {}
   -- The old form has a point in time, the current one a number of seconds.
   local expires_at = tonumber(result.expires) or began + (tonumber(result.expires_in) or DEFAULT_LIFE)
   return setmetatable({
      access_token = access_token, refresh_token = refresh_token ~= "" and refresh_token or nil,
      expires_at = expires_at, scopes = granted[1] and granted or nil,
      token_type = type(result.token_type) == "string" and result.token_type or nil,
   }, Tokens)
end

local function request_tokens(self, kind, values)
   local generation = self._generation
   local fields = {}
   for index, name in ipairs(generation[kind]) do
      fields[index] = { name, values[name] }
   end
   local host = self._host or hosts.current()
   local began = host.now()
   local result, err = attempt.send({ host = host, metrics = self._metrics }, {
      method = endpoint.method, url = self._oauth_url .. generation.token, body = generation.body(fields),
      headers = {
         ["content-type"] = generation.content_type, accept = "application/json",
         ["user-agent"] = "kenar/" .. version, ["x-api-key"] = generation.has_api_key and self._api_key or nil,
      },
      timeout = self._timeout, connect_timeout = self._connect_timeout, max_body = MAX_ANSWER,
      endpoint = endpoint,
   })
   if not result then
      return clean(err, fields)
   end
   return read_tokens(result, began)
end

--- Exchange the code of a return for tokens. A code can be used once.
---@param code string
---@param asked? string[] the scopes of the question, which the tokens get if the answer names none
---@return kenar.Tokens? tokens, kenar.Error? err kind `auth` with code_name INVALID_GRANT if the code is not valid
function OAuth:exchange(code, asked)
   if type(code) ~= "string" or code == "" then
      error("code: expected a string, got " .. type(code), 2)
   end
   local tokens, err = request_tokens(self, "exchange", {
      grant_type = "authorization_code", code = code, client_id = self._client_id,
      client_secret = self._client_secret, redirect_uri = self.redirect_uri,
   })
   if not tokens then
      return nil, err
   end
   tokens.scopes = tokens.scopes or asked or {}
   return tokens
end

--- Renew tokens before they expire. Divar gives a new pair and accepts the old one for two more minutes, so a refresh
--- whose answer was lost may be tried again.
---@param tokens kenar.Tokens
---@return kenar.Tokens? tokens, kenar.Error? err kind `auth` if the user has to be asked again
function OAuth:refresh(tokens)
   checks.table(tokens, "tokens", 2)
   if not tokens.refresh_token then
      return nil, errors.new {
         kind = "auth", code_name = "NO_REFRESH_TOKEN", sent = "no", retryable = false,
         message = "these tokens cannot be renewed: the scope offline_access was not granted",
      }
   end
   local renewed, err = request_tokens(self, "refresh", {
      grant_type = "refresh_token", refresh_token = tokens.refresh_token, client_id = self._client_id,
      client_secret = self._client_secret, redirect_uri = tokens.redirect_uri or self.redirect_uri,
      code = self._send_code_on_refresh and tokens.access_token or nil,
   })
   if not renewed then
      return nil, err
   end
   renewed.refresh_token = renewed.refresh_token or tokens.refresh_token
   renewed.scopes = renewed.scopes or tokens.scopes
   return renewed
end

local function expect_url(name, value)
   if type(value) ~= "string" or not value:find "^https?://[^%s?#]+$" then
      error(name .. ": expected a URL without a query", 3)
   end
end

local options_known = {
   client_id = "string", client_secret = "string", redirect_uri = "string", oauth_url = "string", api_key = "string",
   store = true, host = "table", legacy = true, send_code_on_refresh = "boolean", timeout = "number",
   connect_timeout = "number", metrics = "table",
}

--- Make the OAuth side of an app.
---@param options table `client_id`, the app's slug; `client_secret`; `redirect_uri`, as registered in the panel,
---   without a query; `store` (default "memory:"), which keeps states; `oauth_url` (https://oauth.divar.ir);
---   `send_code_on_refresh` (true): Divar's documents put the current access token into a refresh's `code`; `legacy`:
---   (false) the calls of 2024-05 and before, true with JSON and "form" with a form, with `api_key` and mostly
---   `oauth_url = "https://api.divar.ir"`; `timeout` and `connect_timeout` in seconds (10, 5); `host`; `metrics`, a
---   kenar.Metrics that counts the calls
---@return kenar.OAuth
function oauth.new(options)
   checks.check(options, options_known, "unknown option %q of oauth", 2)
   local generation = generations[options.legacy or false]
   if not generation then
      error('legacy: expected false, true or "form", got ' .. tostring(options.legacy), 2)
   end
   for _, name in ipairs { "client_id", "client_secret" } do
      if not options[name] or options[name] == "" then
         error(name .. ": needed, as Divar's panel shows it", 2)
      end
   end
   if options.redirect_uri then
      expect_url("redirect_uri", options.redirect_uri)
   end
   local oauth_url = options.oauth_url or "https://oauth.divar.ir"
   expect_url("oauth_url", oauth_url)
   local store, err = stores.open(options.store or "memory:", options.host or hosts.current())
   if not store then
      error(tostring(err), 2)
   end
   return setmetatable({
      states = states.new(store), redirect_uri = options.redirect_uri,
      _client_id = options.client_id, _client_secret = options.client_secret, _api_key = options.api_key,
      _oauth_url = oauth_url:match "^(.*[^/])/*$", _host = options.host,
      _metrics = options.metrics, _generation = generation,
      _send_code_on_refresh = options.send_code_on_refresh ~= false,
      _timeout = options.timeout or 10, _connect_timeout = options.connect_timeout or 5,
   }, OAuth)
end

return oauth
