--- Divar's OAuth server: the consent page and the token endpoint.

local answers = require "kenar.sandbox.judge.answers"
local consent_page = require "kenar.sandbox.judge.consent_page"
local core = require "kenar.core"
local form = require "kenar.sandbox.judge.form"
local json = require "kenar.json"
local scopes = require "kenar.sandbox.judge.scopes"
local tokens = require "kenar.sandbox.judge.tokens"

local oauth = {}

---@class kenar.sandbox.ConsentRequest
---@field redirect_uri string
---@field state string
---@field asked string[] scopes

local function is_registered(app, redirect_uri)
   for _, each in ipairs(app.redirect_uris or {}) do
      if each == redirect_uri then
         return true
      end
   end
   return false
end

local function scopes_in(text)
   local asked = {}
   for each in (text or ""):gmatch "[^ +]+" do
      local problem = scopes.problem(each)
      if problem then
         return nil, problem
      end
      asked[#asked + 1] = each
   end
   return #asked > 0 and asked or nil, "no scope is asked for"
end

-- Mistakes found before the redirect URL is known to be right: the user stays on Divar's page.
local function client_problem(app, fields)
   if not app.slug or fields.client_id ~= app.slug then
      return "invalid_client", "there is no app " .. tostring(fields.client_id)
   elseif not fields.redirect_uri or not is_registered(app, fields.redirect_uri) then
      return "invalid_request", "redirect_uri is not one that is registered in the panel: "
         .. tostring(fields.redirect_uri)
   elseif fields.redirect_uri:find "[?#]" then
      return "invalid_request", "redirect_uri has query parameters; such data belong into state"
   end
end

-- A Location of this size leaves room for the server's other headers.
local MAX_LOCATION = 2048
local LONGEST_CODE = ("x"):rep(64)

local function back(fields, more)
   more[#more + 1] = { "state", fields.state }
   return form.url(fields.redirect_uri, more)
end

--- Check an app's request for consent.
---@param judge kenar.sandbox.Judge
---@param query? string of the authorize page
---@return kenar.sandbox.ConsentRequest? request
---@return { error: string, description: string, url: string? }? refusal `url`: the redirect to the app
function oauth.request(judge, query)
   local fields, problem = form.read(query)
   if not fields then
      return nil, { error = "invalid_request", description = "the query is " .. problem }
   end
   local name, description = client_problem(judge.app, fields)
   if name then
      return nil, { error = name, description = description }
   end
   if #back(fields, { { "code", LONGEST_CODE } }) > MAX_LOCATION then
      return nil, { error = "invalid_state", description = "state is too long for the URL that has it in the end" }
   end
   local asked
   if not fields.state or fields.state == "" then
      name, description = "invalid_state", "state is missing"
   elseif fields.response_type ~= "code" then
      name, description = "unsupported_response_type", "response_type is not code"
   else
      asked, description = scopes_in(fields.scope)
      name = "invalid_scope"
   end
   if not asked then
      local url = back(fields, { { "error", name }, { "error_description", description } })
      return nil, { error = name, description = description, url = url }
   end
   return { redirect_uri = fields.redirect_uri, state = fields.state, asked = asked }
end

--- The URL that the user goes to after the decision: the app's redirect URL, with a code if the user agreed.
---@param judge kenar.sandbox.Judge
---@param request kenar.sandbox.ConsentRequest
---@param user_id string
---@param is_allowed boolean
---@return string url
function oauth.decide(judge, request, user_id, is_allowed)
   local assumed = judge.assumed.oauth
   if is_allowed then
      local code = tokens.issue_code(judge.state, assumed, user_id, request.asked, request.redirect_uri)
      return back(request, { { "code", code } })
   elseif assumed.denial == "bare" then
      return back(request, {})
   end
   return back(request, {
      { "error", "access_denied" }, { "error_description", "The resource owner denied the request" },
   })
end

local html = {
   ["content-type"] = "text/html; charset=utf-8", ["cache-control"] = "no-store",
   ["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'",
}

local function redirect(url)
   return { status = 303, headers = { location = url, ["cache-control"] = "no-store" }, body = "" }
end

local function refused(refusal)
   if refusal.url and #refusal.url <= MAX_LOCATION then
      return redirect(refusal.url)
   end
   return { status = 400, headers = html, body = consent_page.refusal(refusal.error, refusal.description) }
end

--- Show the consent page.
function oauth.page(judge, exchange)
   local request, refusal = oauth.request(judge, exchange.query)
   if not request then
      return refused(refusal)
   end
   return { status = 200, headers = html, body = consent_page.ask(judge, request, exchange.query) }
end

--- Take the user's decision from the consent page.
function oauth.decision(judge, exchange)
   local fields = form.read(exchange.bytes) or {}
   local request, refusal = oauth.request(judge, fields.query)
   if not request then
      return refused(refusal)
   end
   local ok, user = pcall(judge.state.user, judge.state, fields.user)
   if not ok then
      return refused { error = "invalid_request", description = "no user is named" }
   end
   return redirect(oauth.decide(judge, request, user.id, fields.decision == "allow"))
end

--- The page at Divar's completion URL.
function oauth.completion()
   return { status = 200, headers = html, body = consent_page.completion() }
end

-- The tokens of a request whose client is known.
local function grant(judge, fields, renewable)
   local assumed = judge.assumed.oauth
   if fields.grant_type == "authorization_code" then
      local pair = tokens.redeem(judge.state, assumed, fields.code, fields.redirect_uri, renewable)
      return pair, "invalid_grant"
   elseif fields.grant_type == "refresh_token" then
      return tokens.refresh(judge.state, assumed, fields.refresh_token, fields.code)
   end
   return nil, fields.grant_type and "unsupported_grant_type" or "invalid_request"
end

-- The fields of a form; nil and the refusal if it is malformed.
local function read_form(judge, exchange)
   if not (exchange.headers["content-type"] or ""):find "^application/x%-www%-form%-urlencoded" then
      return nil, answers.oauth_refusal(judge.assumed, "invalid_request", "The body is a form.")
   end
   exchange.body = form.read(exchange.bytes)
   if not exchange.body then
      return nil, answers.oauth_refusal(judge.assumed, "invalid_request")
   end
   return exchange.body
end

--- The token endpoint.
function oauth.token(judge, exchange)
   local app, assumed = judge.app, judge.assumed
   local fields, refused_form = read_form(judge, exchange)
   if not fields then
      return refused_form
   elseif fields.client_id ~= app.slug or not app.oauth_secret
      or not core.equal(fields.client_secret or "", app.oauth_secret) then
      return answers.oauth_refusal(assumed, "invalid_client")
   elseif not fields.redirect_uri or not is_registered(app, fields.redirect_uri) then
      return answers.oauth_refusal(assumed, "invalid_request", "redirect_uri is not registered.")
   end
   local pair, refusal = grant(judge, fields)
   if not pair then
      return answers.oauth_refusal(assumed, refusal)
   end
   return answers.response(200, {
      access_token = pair.access_token, expires_in = pair.expires_in, refresh_token = pair.refresh_token,
      scope = table.concat(pair.asked, " "), token_type = "bearer",
   }, { ["cache-control"] = "no-store" })
end

-- A request to one of the token endpoints of 2024-05 and before: the API key is the secret, and the answer has the
-- time of expiry.
local function answer_legacy(judge, exchange, fields)
   local app, assumed = judge.app, judge.assumed
   local is_refresh = fields.grant_type == "refresh_token"
   local secret = is_refresh and exchange.headers["x-api-key"] or fields.client_secret
   local is_known = secret == app.api_key or not is_refresh and app.oauth_secret ~= nil and secret == app.oauth_secret
   if not is_known or not is_refresh and fields.client_id ~= app.slug then
      return answers.oauth_refusal(assumed, "invalid_client")
   end
   if is_refresh and type(fields.refresh_token) == "string" then
      -- These endpoints never named the access token.
      local record = judge.state.refresh_tokens[fields.refresh_token]
      fields = { grant_type = "refresh_token", refresh_token = fields.refresh_token,
         code = record and record.access_token }
   end
   local pair, refusal = grant(judge, fields, assumed.legacy.refresh_token == "always")
   if not pair then
      return answers.oauth_refusal(assumed, refusal)
   end
   return answers.response(200, {
      access_token = pair.access_token, refresh_token = pair.refresh_token,
      expires = math.floor(judge.state.now() + pair.expires_in),
   })
end

--- The token endpoint of 2024-05 and before that takes JSON.
function oauth.legacy_token(judge, exchange)
   if judge.assumed.legacy.endpoints == "gone" then
      return answers.refusal(judge.assumed, "unknown_path")
   end
   local fields = json.decode(exchange.bytes)
   exchange.body = fields
   if type(fields) ~= "table" then
      return answers.oauth_refusal(judge.assumed, "invalid_request")
   end
   return answer_legacy(judge, exchange, fields)
end

--- The token endpoint of 2024-05 and before that takes a form.
function oauth.legacy_form_token(judge, exchange)
   if judge.assumed.legacy.endpoints == "gone" then
      return answers.refusal(judge.assumed, "unknown_path")
   end
   local fields, refused_form = read_form(judge, exchange)
   return refused_form or answer_legacy(judge, exchange, fields)
end

return oauth
